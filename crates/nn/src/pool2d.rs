use crate::share::Share;
use simd::{F32x4, LANES};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    Max,
    /// The mean over the taps inside the picture.
    Average,
    /// The mean over the whole kernel, the padding counting as zeros.
    AverageWithPadding,
}

/// A pooling window over `[batch, height, width, channels]`.
#[derive(Clone, Copy)]
pub struct Pool2d {
    pub kind: PoolKind,
    pub input: *const f32,
    pub output: *mut f32,
    pub batch: usize,
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    pub output_height: usize,
    pub output_width: usize,
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 2],
}

/// Computes this thread's share of the output pixels.
///
/// # Safety
/// The buffers must be valid for the sizes `p` names.
#[inline(never)]
pub unsafe fn pool2d(p: &Pool2d, share: Share) {
    for pixel in share.of(p.batch * p.output_height * p.output_width) {
        let (row, x) = (pixel / p.output_width, pixel % p.output_width);
        let (image, y) = (row / p.output_height, row % p.output_height);
        let window = |at: usize, axis: usize, size: usize| {
            let start = at * p.stride[axis];
            let end = (start + p.kernel[axis]).saturating_sub(p.padding[axis]).min(size);
            start.saturating_sub(p.padding[axis])..end
        };
        let (ys, xs) = (window(y, 0, p.height), window(x, 1, p.width));
        let taps = match p.kind {
            PoolKind::AverageWithPadding => p.kernel[0] * p.kernel[1],
            _ => ys.len() * xs.len(),
        };
        let factor = F32x4::splat(1.0 / taps as f32);
        let start = F32x4::splat(if p.kind == PoolKind::Max { f32::NEG_INFINITY } else { 0.0 });
        let input = p.input.add(image * p.height * p.width * p.channels);
        let output = p.output.add(pixel * p.channels);
        for channel in (0..p.channels).step_by(LANES) {
            let lanes = LANES.min(p.channels - channel);
            let mut value = start;
            for iy in ys.clone() {
                for ix in xs.clone() {
                    let source = input.add((iy * p.width + ix) * p.channels + channel);
                    let tap = if lanes == LANES { F32x4::load(source) } else { F32x4::load_partial(source, lanes) };
                    value = if p.kind == PoolKind::Max { value.max(tap) } else { value + tap };
                }
            }
            if p.kind != PoolKind::Max {
                value = value * factor;
            }
            if lanes == LANES {
                value.store(output.add(channel));
            } else {
                value.store_partial(output.add(channel), lanes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_at_the_border_leave_the_padding_out() {
        // A 3x3 picture of 1..9, kernel 2, stride 2, padding 1: four windows, three of them cut.
        for channels in [1, 4, 6] {
            let x: Vec<f32> = (0..9 * channels).map(|i| (i / channels + 1) as f32).collect();
            let cases = [
                (PoolKind::Max, [1.0, 3.0, 7.0, 9.0]),
                (PoolKind::Average, [1.0, 2.5, 5.5, 7.0]),
                (PoolKind::AverageWithPadding, [0.25, 1.25, 2.75, 7.0]),
            ];
            for (kind, want) in cases {
                let mut out = vec![f32::NAN; 4 * channels];
                let p = Pool2d {
                    kind,
                    input: x.as_ptr(),
                    output: out.as_mut_ptr(),
                    batch: 1,
                    height: 3,
                    width: 3,
                    channels,
                    output_height: 2,
                    output_width: 2,
                    kernel: [2, 2],
                    stride: [2, 2],
                    padding: [1, 1],
                };
                for thread in 0..3 {
                    unsafe { pool2d(&p, Share { thread, threads: 3 }) };
                }
                for (i, got) in out.iter().enumerate() {
                    assert_eq!(*got, want[i / channels], "{kind:?}");
                }
            }
        }
    }
}
