use crate::share::Share;
use gemm::COLUMNS;
use operands::operands;
use simd::{F32x4, LANES};

operands! {
    /// The gradient of the weights, from the sums of its segments.
    pub struct SumWeights {
        /// Written by `weight_gradient`.
        pub partials: *const f32,
        /// `[groups * columns, depth, taps]`, PyTorch's order of weights.
        pub output: *mut f32,
        pub segments: usize,
        pub groups: usize,
        pub columns: usize,
        pub depth: usize,
        pub taps: usize,
    }
}

/// Computes this thread's share.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
#[inline(never)]
pub unsafe fn sum_weights(p: &SumWeights, share: Share) {
    let panels = p.columns.div_ceil(COLUMNS);
    let segment = p.groups * panels * p.taps * p.depth * COLUMNS;
    for unit in share.of(p.groups * panels * p.depth) {
        let (panel, depth) = (unit / p.depth, unit % p.depth);
        let column = panel / panels * p.columns + panel % panels * COLUMNS;
        let columns = COLUMNS.min(p.columns - panel % panels * COLUMNS);
        for tap in 0..p.taps {
            let from = p.partials.add(((panel * p.taps + tap) * p.depth + depth) * COLUMNS);
            let mut sums = [F32x4::zero(); 2];
            for index in 0..p.segments {
                let from = from.add(index * segment);
                sums = [sums[0] + F32x4::load(from), sums[1] + F32x4::load(from.add(LANES))];
            }
            let sums = sums.map(F32x4::to_array);
            for (at, sum) in sums.as_flattened().iter().enumerate().take(columns) {
                *p.output.add(((column + at) * p.depth + depth) * p.taps + tap) = *sum;
            }
        }
    }
}
