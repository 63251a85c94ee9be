use crate::lanes::{load, store};
use crate::pool2d::{Pool2d, PoolKind, Window};
use crate::share::Share;
use operands::operands;
use simd::{F32x4, LANES};

/// Channels of one unit of work: a cache line.
const UNIT_CHANNELS: usize = 4 * LANES;

operands! {
    /// The gradient of a pooling's input, written to `output`; `input` is the pooling's, which only a maximum reads.
    pub struct Pool2dGradient {
        /// Laid out like the pooling's output.
        pub gradient: *const f32,
        pub pool: Pool2d,
    }
}

/// Computes this thread's share. If maxima in a window are equal, the first gets the gradient, as in PyTorch.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
#[inline(never)]
pub unsafe fn pool2d_gradient(p: &Pool2dGradient, share: Share) {
    // Windows overlap, so one thread takes all windows of an image.
    let pool = &p.pool;
    let chunks = pool.channels.div_ceil(UNIT_CHANNELS);
    for unit in share.of(pool.batch * chunks) {
        let (image, chunk) = (unit / chunks, unit % chunks);
        let channels = chunk * UNIT_CHANNELS..pool.channels.min((chunk + 1) * UNIT_CHANNELS);
        let target = pool.output.add(image * pool.height * pool.width * pool.channels);
        for pixel in 0..pool.height * pool.width {
            let row = target.add(pixel * pool.channels);
            std::slice::from_raw_parts_mut(row.add(channels.start), channels.len()).fill(0.0);
        }
        for pixel in 0..pool.output_height * pool.output_width {
            let pixel = image * pool.output_height * pool.output_width + pixel;
            let window = pool.window(pixel);
            for channel in channels.clone().step_by(LANES) {
                let lanes = LANES.min(channels.end - channel);
                let gradient = load(p.gradient.add(pixel * pool.channels + channel), lanes);
                match pool.kind {
                    PoolKind::Max => give_maximum(pool, &window, channel, lanes, gradient),
                    _ => give_all(pool, &window, channel, lanes, gradient),
                }
            }
        }
    }
}

/// Adds `gradient` to the first maximum of a window.
#[inline(always)]
unsafe fn give_maximum(pool: &Pool2d, window: &Window, channel: usize, lanes: usize, gradient: F32x4) {
    let mut maximum = F32x4::splat(f32::NEG_INFINITY);
    window.for_each(|at| maximum = maximum.max(load(pool.input.add(at + channel), lanes)));
    let mut rest = gradient;
    window.for_each(|at| {
        let tap = load(pool.input.add(at + channel), lanes);
        add(pool.output.add(at + channel), lanes, rest.where_at_least(tap, maximum));
        rest = rest.where_greater(maximum, tap);
    });
}

/// Adds the mean's share of `gradient` to every tap of a window.
#[inline(always)]
unsafe fn give_all(pool: &Pool2d, window: &Window, channel: usize, lanes: usize, gradient: F32x4) {
    let part = gradient * F32x4::splat(1.0 / window.divisor as f32);
    window.for_each(|at| add(pool.output.add(at + channel), lanes, part));
}

#[inline(always)]
unsafe fn add(target: *mut f32, lanes: usize, value: F32x4) {
    store(load(target, lanes) + value, target, lanes);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every window's gradient scattered one value at a time.
    fn naive(p: &Pool2d, x: &[f32], dy: &[f32]) -> Vec<f32> {
        let mut dx = vec![0.0; x.len()];
        for (i, dy) in dy.iter().enumerate() {
            let (pixel, channel) = (i / p.channels, i % p.channels);
            let (image, y, left) = (
                pixel / (p.output_height * p.output_width),
                pixel / p.output_width % p.output_height,
                pixel % p.output_width,
            );
            let mut taps = Vec::new();
            for tap in 0..p.kernel[0] * p.kernel[1] {
                let iy = (y * p.stride[0] + tap / p.kernel[1]).wrapping_sub(p.padding[0]);
                let ix = (left * p.stride[1] + tap % p.kernel[1]).wrapping_sub(p.padding[1]);
                if iy < p.height && ix < p.width {
                    taps.push(((image * p.height + iy) * p.width + ix) * p.channels + channel);
                }
            }
            match p.kind {
                PoolKind::Max => {
                    let first = taps.iter().copied().reduce(|a, b| if x[b] > x[a] { b } else { a });
                    dx[first.unwrap()] += dy;
                }
                PoolKind::Average => taps.iter().for_each(|at| dx[*at] += dy / taps.len() as f32),
                PoolKind::AverageWithPadding => {
                    taps.iter().for_each(|at| dx[*at] += dy / (p.kernel[0] * p.kernel[1]) as f32)
                }
            }
        }
        dx
    }

    #[test]
    fn equals_the_naive_loops_for_any_number_of_threads() {
        for channels in [1, 4, 18, 37] {
            for (kernel, stride, padding, size) in [
                ([2, 2], [2, 2], [0, 0], [6, 4]),
                ([3, 3], [2, 2], [1, 1], [7, 8]),
                ([3, 2], [1, 2], [1, 0], [5, 6]),
                ([2, 2], [3, 3], [0, 0], [7, 7]),
            ] {
                for kind in [PoolKind::Max, PoolKind::Average, PoolKind::AverageWithPadding] {
                    let output = [0, 1].map(|axis| (size[axis] + 2 * padding[axis] - kernel[axis]) / stride[axis] + 1);
                    // A few distinct values, so that windows have several maxima.
                    let x: Vec<f32> =
                        (0..2 * size[0] * size[1] * channels).map(|i| ((i * 7919) % 5) as f32 - 4.0).collect();
                    let dy: Vec<f32> =
                        (0..2 * output[0] * output[1] * channels).map(|i| (i % 13) as f32 * 36.0).collect();
                    let run = |threads| {
                        let mut dx = vec![f32::NAN; x.len()];
                        let pool = Pool2d {
                            kind,
                            input: x.as_ptr(),
                            output: dx.as_mut_ptr(),
                            batch: 2,
                            height: size[0],
                            width: size[1],
                            channels,
                            output_height: output[0],
                            output_width: output[1],
                            kernel,
                            stride,
                            padding,
                        };
                        for thread in 0..threads {
                            let p = Pool2dGradient { gradient: dy.as_ptr(), pool };
                            unsafe { pool2d_gradient(&p, Share { thread, threads }) };
                        }
                        (pool, dx)
                    };
                    let (pool, one) = run(1);
                    let want = naive(&pool, &x, &dy);
                    for (i, (got, want)) in one.iter().zip(&want).enumerate() {
                        assert!(
                            (got - want).abs() <= 1e-5 * want.abs(),
                            "{kind:?} {kernel:?} at {i}: {got}, not {want}"
                        );
                    }
                    assert_eq!(run(3).1, one);
                }
            }
        }
    }
}
