use crate::lanes::{load, store};
use crate::lines::Lines;
use crate::share::Share;
use gemm::Activation;
use operands::operands;
use simd::F32x4;

operands! {
    /// Batch normalisation (Ioffe and Szegedy 2015) of `[rows, channels]` with given moments:
    /// `activation((input - mean) / sqrt(variance + epsilon) * gamma + beta + residual)`.
    pub struct Normalize {
        pub input: *const f32,
        /// `[2, channels]`: means, then variances.
        pub moments: *const f32,
        pub gamma: *const f32,
        pub beta: *const f32,
        /// Laid out like the output; 0 for none.
        pub residual: *const f32,
        pub output: *mut f32,
        pub rows: usize,
        pub channels: usize,
        pub epsilon: f32,
        pub activation: Activation,
    }
}

/// `1 / sqrt(variance + epsilon)` of a channel.
pub(super) unsafe fn inverse_deviation(moments: *const f32, channels: usize, channel: usize, epsilon: f32) -> f32 {
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
