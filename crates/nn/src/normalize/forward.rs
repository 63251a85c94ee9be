use crate::lanes::{load, store};
use crate::lines::Lines;
use crate::moments::BlockSums;
use crate::share::Share;
use gemm::Activation;
use simd::F32x4;

/// Batch normalisation (Ioffe and Szegedy 2015) of `[rows, channels]` by given moments:
/// `activation((input - mean) / sqrt(variance + epsilon) * gamma + beta + residual)`.
#[derive(Clone, Copy)]
pub struct Normalize {
    pub input: *const f32,
    /// `[2, channels]`: means, then variances.
    pub moments: *const f32,
    pub gamma: *const f32,
    pub beta: *const f32,
    /// Laid out as the output, or null.
    pub residual: *const f32,
    pub output: *mut f32,
    pub rows: usize,
    pub channels: usize,
    pub epsilon: f32,
    pub activation: Activation,
}

/// `1 / sqrt(variance + epsilon)` of a channel.
unsafe fn inverse_deviation(moments: *const f32, channels: usize, channel: usize, epsilon: f32) -> f32 {
    1.0 / (*moments.add(channels + channel) + epsilon).sqrt()
}

/// Computes this thread's share.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
#[inline(never)]
pub unsafe fn normalize(p: &Normalize, share: Share) {
    match (p.residual.is_null(), p.activation) {
        (true, Activation::None) => normalize_lines::<false, false>(p, share),
        (true, Activation::Relu) => normalize_lines::<false, true>(p, share),
        (false, Activation::None) => normalize_lines::<true, false>(p, share),
        (false, Activation::Relu) => normalize_lines::<true, true>(p, share),
    }
}

#[inline(never)]
unsafe fn normalize_lines<const RESIDUAL: bool, const RELU: bool>(p: &Normalize, share: Share) {
    let lines = Lines::of(p.channels);
    let scale = |c: usize| *p.gamma.add(c) * inverse_deviation(p.moments, p.channels, c, p.epsilon);
    let shift = lines.repeat(|c| *p.beta.add(c) - *p.moments.add(c) * scale(c));
    let scale = lines.repeat(scale);
    let (scale, shift) = (scale.as_ptr(), shift.as_ptr());
    lines.for_each(p.rows, share, |at, column, lanes| {
        let x = load(p.input.add(at), lanes);
        let mut value = F32x4::load(shift.add(column)).add_product(x, F32x4::load(scale.add(column)));
        if RESIDUAL {
            value = value + load(p.residual.add(at), lanes);
        }
        if RELU {
            value = value.max(F32x4::zero());
        }
        store(value, p.output.add(at), lanes);
    });
}

/// The gradient that reaches a normalisation: `gradient` where `gate > 0`, else 0; all of it where there is no gate.
#[inline(always)]
unsafe fn gated<const GATE: bool>(gradient: *const f32, gate: *const f32, at: usize, lanes: usize) -> F32x4 {
    let value = load(gradient.add(at), lanes);
    if GATE {
        value.where_greater(load(gate.add(at), lanes), F32x4::zero())
    } else {
        value
    }
}

/// For each block of rows, every channel's sum of the gradient (what `beta` gets) and of the gradient times the
/// normalised input (what `gamma` gets).
#[derive(Clone, Copy)]
pub struct NormalizeSums {
    pub gradient: *const f32,
    pub input: *const f32,
    pub moments: *const f32,
    /// Output of the normalisation and its ReLU: the gradient counts only where it is positive. Or null.
    pub gate: *const f32,
    /// `[blocks, 2, channels]`, to be added up.
    pub partials: *mut f32,
    pub rows: usize,
    pub channels: usize,
    /// Rows of a block; the last one may have fewer.
    pub block: usize,
    pub epsilon: f32,
}

/// Computes this thread's share of the blocks.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
#[inline(never)]
pub unsafe fn normalize_sums(p: &NormalizeSums, share: Share) {
    if p.gate.is_null() {
        sum_blocks::<false>(p, share);
    } else {
        sum_blocks::<true>(p, share);
    }
}

#[inline(never)]
unsafe fn sum_blocks<const GATE: bool>(p: &NormalizeSums, share: Share) {
    let lines = Lines::of(p.channels);
    let mut sums = BlockSums::new(lines);
    let mean = lines.repeat(|channel| *p.moments.add(channel));
    for block in share.of(p.rows.div_ceil(p.block)) {
        let first = block * p.block;
        let start = first * p.channels;
        let terms = |at, column, lanes| {
            let at = start + at;
            let deviation = load(p.input.add(at), lanes) - F32x4::load(mean.as_ptr().add(column));
            (gated::<GATE>(p.gradient, p.gate, at, lanes), deviation)
        };
        let partials = p.partials.add(block * 2 * p.channels);
        sums.of(p.block.min(p.rows - first), terms, |channel, [sum, products]| {
            let factor = inverse_deviation(p.moments, p.channels, channel, p.epsilon);
            *partials.add(channel) = sum as f32;
            *partials.add(p.channels + channel) = (products * factor as f64) as f32;
        });
    }
}

/// The gradient of a normalisation's input, through the moments of its batch too:
/// `gamma / deviation * (gradient - sums[0] / rows - normalised input * sums[1] / rows)`.
#[derive(Clone, Copy)]
pub struct NormalizeGradient {
    /// The output may be the same buffer.
    pub gradient: *const f32,
    pub input: *const f32,
    pub moments: *const f32,
    pub gamma: *const f32,
    /// `[2, channels]`, the total of what [`normalize_sums`] writes.
    pub sums: *const f32,
    /// As in [`NormalizeSums`].
    pub gate: *const f32,
    pub output: *mut f32,
    pub rows: usize,
    pub channels: usize,
    pub epsilon: f32,
}

/// Computes this thread's share.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
#[inline(never)]
pub unsafe fn normalize_gradient(p: &NormalizeGradient, share: Share) {
    if p.gate.is_null() {
        gradient_lines::<false>(p, share);
    } else {
        gradient_lines::<true>(p, share);
    }
}

#[inline(never)]
unsafe fn gradient_lines<const GATE: bool>(p: &NormalizeGradient, share: Share) {
    let lines = Lines::of(p.channels);
    let inverse = |c: usize| inverse_deviation(p.moments, p.channels, c, p.epsilon);
    let mean_of = |sum: usize, c: usize| *p.sums.add(sum * p.channels + c) / p.rows as f32;
    // scale * (gradient + slope * (input - mean) + offset), the sums being the same for all rows.
    let slope = |c: usize| -inverse(c) * mean_of(1, c);
    let scale = lines.repeat(|c| *p.gamma.add(c) * inverse(c));
    let shift = lines.repeat(|c| -mean_of(0, c) - slope(c) * *p.moments.add(c));
    let slope = lines.repeat(slope);
    let (scale, slope, shift) = (scale.as_ptr(), slope.as_ptr(), shift.as_ptr());
    lines.for_each(p.rows, share, |at, column, lanes| {
        let gradient = gated::<GATE>(p.gradient, p.gate, at, lanes);
        let x = load(p.input.add(at), lanes);
        let moved = gradient + F32x4::load(shift.add(column));
        let value = moved.add_product(x, F32x4::load(slope.add(column))) * F32x4::load(scale.add(column));
        store(value, p.output.add(at), lanes);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPSILON: f32 = 1e-3;
    const BLOCK: usize = 24;

    struct Case {
        rows: usize,
        channels: usize,
        x: Vec<f32>,
        dy: Vec<f32>,
        other: Vec<f32>,
        moments: Vec<f32>,
        gamma: Vec<f32>,
        beta: Vec<f32>,
    }

    fn values(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 7919 + seed * 13) % 37) as f32 / 16.0 - 1.0).collect()
    }

    fn case(rows: usize, channels: usize) -> Case {
        let x = values(rows * channels, 1);
        let mean = |c: usize, f: &dyn Fn(f32) -> f32| {
            x[c..].iter().step_by(channels).map(|x| f(*x)).sum::<f32>() / rows as f32
        };
        let means: Vec<f32> = (0..channels).map(|c| mean(c, &|x| x)).collect();
        let variances = (0..channels).map(|c| mean(c, &|x| (x - means[c]).powi(2)));
        let moments = means.iter().copied().chain(variances).collect();
        Case {
            rows,
            channels,
            moments,
            dy: values(rows * channels, 2),
            other: values(rows * channels, 3),
            gamma: values(channels, 4),
            beta: values(channels, 5),
            x,
        }
    }

    impl Case {
        /// Normalised input, before gamma and beta.
        fn normalized(&self, i: usize) -> f32 {
            let c = i % self.channels;
            (self.x[i] - self.moments[c]) / (self.moments[self.channels + c] + EPSILON).sqrt()
        }

        fn forward(&self, residual: bool, activation: Activation, threads: usize) -> Vec<f32> {
            let mut out = vec![f32::NAN; self.x.len()];
            let p = Normalize {
                input: self.x.as_ptr(),
                moments: self.moments.as_ptr(),
                gamma: self.gamma.as_ptr(),
                beta: self.beta.as_ptr(),
                residual: if residual { self.other.as_ptr() } else { std::ptr::null() },
                output: out.as_mut_ptr(),
                rows: self.rows,
                channels: self.channels,
                epsilon: EPSILON,
                activation,
            };
            (0..threads).for_each(|thread| unsafe { normalize(&p, Share { thread, threads }) });
            out
        }

        /// Sums and gradient of the input.
        fn backward(&self, gate: bool, threads: usize) -> (Vec<f32>, Vec<f32>) {
            let blocks = self.rows.div_ceil(BLOCK);
            let mut partials = vec![f32::NAN; blocks * 2 * self.channels];
            let mut out = vec![f32::NAN; self.x.len()];
            let gate = if gate { self.other.as_ptr() } else { std::ptr::null() };
            let p = NormalizeSums {
                gradient: self.dy.as_ptr(),
                input: self.x.as_ptr(),
                moments: self.moments.as_ptr(),
                gate,
                partials: partials.as_mut_ptr(),
                rows: self.rows,
                channels: self.channels,
                block: BLOCK,
                epsilon: EPSILON,
            };
            let shares = || (0..threads).map(|thread| Share { thread, threads });
            shares().for_each(|share| unsafe { normalize_sums(&p, share) });
            let sums: Vec<f32> =
                (0..2 * self.channels).map(|i| partials[i..].iter().step_by(2 * self.channels).sum()).collect();
            let p = NormalizeGradient {
                gradient: self.dy.as_ptr(),
                input: self.x.as_ptr(),
                moments: self.moments.as_ptr(),
                gamma: self.gamma.as_ptr(),
                sums: sums.as_ptr(),
                gate,
                output: out.as_mut_ptr(),
                rows: self.rows,
                channels: self.channels,
                epsilon: EPSILON,
            };
            shares().for_each(|share| unsafe { normalize_gradient(&p, share) });
            (sums, out)
        }
    }

    fn assert_close(got: &[f32], want: &[f32], context: &str) {
        for (i, (got, want)) in got.iter().zip(want).enumerate() {
            assert!((got - want).abs() <= 2e-5 * (1.0 + want.abs()), "{context} at {i}: {got}, not {want}");
        }
    }

    const SHAPES: [(usize, usize); 6] = [(1, 1), (50, 3), (31, 4), (70, 10), (24, 66), (9, 128)];

    #[test]
    fn normalises_with_residual_and_relu() {
        for (rows, channels) in SHAPES {
            let c = case(rows, channels);
            for residual in [false, true] {
                for activation in [Activation::None, Activation::Relu] {
                    let want: Vec<f32> = (0..c.x.len())
                        .map(|i| {
                            let value = c.normalized(i) * c.gamma[i % channels] + c.beta[i % channels];
                            let value = value + if residual { c.other[i] } else { 0.0 };
                            if activation == Activation::Relu {
                                value.max(0.0)
                            } else {
                                value
                            }
                        })
                        .collect();
                    let got = c.forward(residual, activation, 1);
                    assert_close(&got, &want, &format!("[{rows}, {channels}], {residual}, {activation:?}"));
                    assert_eq!(c.forward(residual, activation, 3), got);
                }
            }
        }
    }

    #[test]
    fn sums_and_gradient_equal_their_formulas_for_any_number_of_threads() {
        for (rows, channels) in SHAPES {
            let c = case(rows, channels);
            for gate in [false, true] {
                let dy = |i: usize| if gate && c.other[i] <= 0.0 { 0.0 } else { c.dy[i] };
                let sum = |channel: usize, f: &dyn Fn(usize) -> f32| {
                    (channel..c.x.len()).step_by(channels).map(f).sum::<f32>()
                };
                let first = (0..channels).map(|channel| sum(channel, &dy));
                let second = (0..channels).map(|channel| sum(channel, &|i| dy(i) * c.normalized(i)));
                let want_sums: Vec<f32> = first.chain(second).collect();
                let want: Vec<f32> = (0..c.x.len())
                    .map(|i| {
                        let channel = i % channels;
                        let inverse = 1.0 / (c.moments[channels + channel] + EPSILON).sqrt();
                        let means = [want_sums[channel], want_sums[channels + channel]].map(|sum| sum / rows as f32);
                        c.gamma[channel] * inverse * (dy(i) - means[0] - c.normalized(i) * means[1])
                    })
                    .collect();
                let (sums, gradient) = c.backward(gate, 1);
                assert_close(&sums, &want_sums, &format!("sums of [{rows}, {channels}], gate {gate}"));
                assert_close(&gradient, &want, &format!("gradient of [{rows}, {channels}], gate {gate}"));
                assert_eq!(c.backward(gate, 3), (sums, gradient));
            }
        }
    }
}
