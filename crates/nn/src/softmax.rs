use crate::axis::Axis;
use crate::share::Share;
use operands::operands;

operands! {
    /// Softmax of `[outer, length, inner]` along the middle axis, or its logarithm.
    pub struct Softmax {
        pub input: *const f32,
        /// Laid out like the input; may be the same buffer.
        pub output: *mut f32,
        pub axis: Axis,
    }
}

/// Computes this thread's share of the softmax.
///
/// # Safety
/// Both buffers must be valid for the product of the axis's sizes.
pub unsafe fn softmax(p: &Softmax, share: Share) {
    normalize(false, p, share);
}

/// Computes this thread's share of the softmax's logarithm.
///
/// # Safety
/// Both buffers must be valid for the product of the axis's sizes.
pub unsafe fn log_softmax(p: &Softmax, share: Share) {
    normalize(true, p, share);
}

/// The maximum is subtracted first, so that no power is infinite.
#[inline(never)]
unsafe fn normalize(log: bool, p: &Softmax, share: Share) {
    let Softmax { input, output, axis } = *p;
    for unit in share.of(axis.outer * axis.inner) {
        let start = unit / axis.inner * axis.length * axis.inner + unit % axis.inner;
        let (input, output) = (input.add(start), output.add(start));
        let at = |i: usize| i * axis.inner;
        let highest = (0..axis.length).fold(f32::NEG_INFINITY, |m, i| m.max(*input.add(at(i))));
        let mut sum = 0.0f32;
        for i in 0..axis.length {
            let shifted = *input.add(at(i)) - highest;
            let power = shifted.exp();
            sum += power;
            *output.add(at(i)) = if log { shifted } else { power };
        }
        let (factor, offset) = if log { (1.0, sum.ln()) } else { (1.0 / sum, 0.0) };
        for i in 0..axis.length {
            *output.add(at(i)) = *output.add(at(i)) * factor - offset;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softmax_sums_to_one_and_its_log_is_the_logarithm() {
        let axis = Axis { outer: 2, length: 5, inner: 3 };
        let x: Vec<f32> = (0..30).map(|i| ((i * 7) % 11) as f32 * 20.0).collect();
        let (mut plain, mut log) = (vec![0.0; 30], vec![0.0; 30]);
        unsafe {
            softmax(&Softmax { input: x.as_ptr(), output: plain.as_mut_ptr(), axis }, Share::WHOLE);
            log_softmax(&Softmax { input: x.as_ptr(), output: log.as_mut_ptr(), axis }, Share::WHOLE);
        }
        for outer in 0..2 {
            for inner in 0..3 {
                let sum: f32 = (0..5).map(|i| plain[outer * 15 + i * 3 + inner]).sum();
                assert!((sum - 1.0).abs() < 1e-6);
            }
        }
        for (p, l) in plain.iter().zip(&log) {
            assert!((p - l.exp()).abs() < 1e-6);
        }
    }
}
