use super::forward::inverse_deviation;
use crate::lanes::{load, store};
use crate::lines::Lines;
use crate::moments::BlockSums;
use crate::share::Share;
use operands::operands;
use simd::F32x4;

/// The gradient that reaches a normalisation: `gradient` if `gate > 0`, else 0; all of it if there is no gate.
#[inline(always)]
unsafe fn gated<const GATE: bool>(gradient: *const f32, gate: *const f32, at: usize, lanes: usize) -> F32x4 {
    let value = load(gradient.add(at), lanes);
    if GATE {
        value.where_greater(load(gate.add(at), lanes), F32x4::zero())
    } else {
        value
    }
}

/// Values that [`normalize_sums`] writes for a channel of a block.
pub const GRADIENT_SUMS: usize = 2;

operands! {
    /// For each block of rows, every channel's sum of the gradient (for `beta`) and of the gradient times the
    /// normalised input (for `gamma`).
    pub struct NormalizeSums {
        pub gradient: *const f32,
        pub input: *const f32,
        /// `[2, channels]`: means, then variances.
        pub moments: *const f32,
        /// Output of the normalisation and its ReLU: the gradient counts only where it is positive. 0 for none.
        pub gate: *const f32,
        /// `[blocks, 2, channels]`, to be added up.
        pub partials: *mut f32,
        pub rows: usize,
        pub channels: usize,
        /// Rows in a block; the last block may have fewer.
        pub block: usize,
        pub epsilon: f32,
    }
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
        let partials = p.partials.add(block * GRADIENT_SUMS * p.channels);
        sums.of(p.block.min(p.rows - first), terms, |channel, [sum, products]| {
            let factor = inverse_deviation(p.moments, p.channels, channel, p.epsilon);
            *partials.add(channel) = sum as f32;
            *partials.add(p.channels + channel) = (products * factor as f64) as f32;
        });
    }
}

operands! {
    /// The gradient of a normalisation's input, including the path through the moments of its batch:
    /// `gamma / deviation * (gradient - sums[0] / rows - normalised input * sums[1] / rows)`.
    pub struct NormalizeGradient {
        /// The output may be the same buffer.
        pub gradient: *const f32,
        pub input: *const f32,
        /// `[2, channels]`: means, then variances.
        pub moments: *const f32,
        pub gamma: *const f32,
        /// `[2, channels]`, the totals of the sums from `normalize_sums`.
        pub sums: *const f32,
        /// As for `normalize_sums`.
        pub gate: *const f32,
        pub output: *mut f32,
        pub rows: usize,
        pub channels: usize,
        pub epsilon: f32,
    }
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
    // scale * (gradient + slope * (input - mean) + offset); the sums are the same for all rows.
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
