use crate::axis::Axis;
use crate::share::Share;
use operands::{kinds, operands};
use simd::{F32x4, LANES};

kinds! {
    pub enum ReduceKind {
        Sum,
        Mean,
        Max,
        Min,
    }
}

/// Terms, or vectors of them, that are combined before the partial result joins the rest: in one long sum, each
/// term would soon be too small beside the sum to change it.
const RUN: usize = 4096;

operands! {
    /// Sum, mean, maximum or minimum of `[outer, length, inner]` along the middle axis.
    pub struct Reduce {
        pub kind: ReduceKind,
        pub input: *const f32,
        /// `[outer, inner]`.
        pub output: *mut f32,
        pub axis: Axis,
    }
}

/// Computes this thread's share.
///
/// # Safety
/// `input` must be readable for the product of the axis's sizes, `output` writable for `outer * inner`.
#[inline(never)]
pub unsafe fn reduce(p: &Reduce, share: Share) {
    let Reduce { kind, input, output, axis } = *p;
    match kind {
        ReduceKind::Sum => fold(input, output, axis, share, 0.0, 1.0, |a, b| a + b),
        ReduceKind::Mean => fold(input, output, axis, share, 0.0, 1.0 / axis.length as f32, |a, b| a + b),
        ReduceKind::Max => fold(input, output, axis, share, f32::NEG_INFINITY, 1.0, F32x4::max),
        ReduceKind::Min => fold(input, output, axis, share, f32::INFINITY, 1.0, F32x4::min),
    }
}

#[inline(always)]
unsafe fn fold(
    input: *const f32,
    output: *mut f32,
    axis: Axis,
    share: Share,
    start: f32,
    factor: f32,
    f: impl Fn(F32x4, F32x4) -> F32x4,
) {
    let groups = axis.inner.div_ceil(LANES);
    for unit in share.of(axis.outer * groups) {
        let (outer, first) = (unit / groups, unit % groups * LANES);
        let lanes = LANES.min(axis.inner - first);
        let source = input.add(outer * axis.length * axis.inner + first);
        let target = output.add(outer * axis.inner + first);
        if axis.inner == 1 {
            *target = fold_row(source, axis.length, start, &f) * factor;
            continue;
        }
        let mut value = F32x4::splat(start);
        for first in (0..axis.length).step_by(RUN) {
            let mut run = F32x4::splat(start);
            for i in first..axis.length.min(first + RUN) {
                let source = source.add(i * axis.inner);
                run = f(run, if lanes == LANES { F32x4::load(source) } else { F32x4::load_partial(source, lanes) });
            }
            value = f(value, run);
        }
        (value * F32x4::splat(factor)).store_partial(target, lanes);
    }
}

/// A contiguous row: four partial results side by side, combined at the end.
#[inline(always)]
unsafe fn fold_row(source: *const f32, length: usize, start: f32, f: impl Fn(F32x4, F32x4) -> F32x4) -> f32 {
    let whole = length - length % LANES;
    let mut value = F32x4::splat(start);
    for first in (0..whole).step_by(RUN * LANES) {
        let mut run = F32x4::splat(start);
        for i in (first..whole.min(first + RUN * LANES)).step_by(LANES) {
            run = f(run, F32x4::load(source.add(i)));
        }
        value = f(value, run);
    }
    let mut total = F32x4::splat(start);
    for lane in value.to_array() {
        total = f(total, F32x4::splat(lane));
    }
    for i in whole..length {
        total = f(total, F32x4::load_splat(source.add(i)));
    }
    total.to_array()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sums_keep_their_digits() {
        for inner in [1, 3] {
            let axis = Axis { outer: 1, length: 20_000_000, inner };
            let x = vec![1.7; axis.length * inner];
            let mut out = vec![f32::NAN; inner];
            let p = Reduce { kind: ReduceKind::Mean, input: x.as_ptr(), output: out.as_mut_ptr(), axis };
            unsafe { reduce(&p, Share::WHOLE) };
            assert!(out.iter().all(|mean| (mean - 1.7).abs() < 1e-3), "{out:?}");
        }
    }

    #[test]
    fn reduces_every_layout() {
        for length in [1, 2, 3, 7, 9] {
            for inner in [1, 2, 4, 5, 9] {
                let axis = Axis { outer: 3, length, inner };
                let x: Vec<f32> = (0..3 * length * inner).map(|i| ((i * 11) % 17) as f32 - 8.0).collect();
                for kind in [ReduceKind::Sum, ReduceKind::Mean, ReduceKind::Max, ReduceKind::Min] {
                    let mut out = vec![f32::NAN; 3 * inner];
                    let p = Reduce { kind, input: x.as_ptr(), output: out.as_mut_ptr(), axis };
                    for thread in 0..2 {
                        unsafe { reduce(&p, Share { thread, threads: 2 }) };
                    }
                    for (i, got) in out.iter().enumerate() {
                        let values = (0..length).map(|l| x[(i / inner * length + l) * inner + i % inner]);
                        let want = match kind {
                            ReduceKind::Sum => values.sum(),
                            ReduceKind::Mean => values.sum::<f32>() / length as f32,
                            ReduceKind::Max => values.fold(f32::NEG_INFINITY, f32::max),
                            ReduceKind::Min => values.fold(f32::INFINITY, f32::min),
                        };
                        assert!((got - want).abs() < 1e-5, "{kind:?} {length} {inner}: {got}, not {want}");
                    }
                }
            }
        }
    }
}
