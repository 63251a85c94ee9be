use crate::share::{Axis, Share};

/// Softmax along an axis, or its logarithm, with the maximum taken out first.
///
/// # Safety
/// Both buffers must be valid for the product of the axis's sizes; they may be the same.
#[inline(never)]
pub unsafe fn softmax(log: bool, input: *const f32, output: *mut f32, axis: Axis, share: Share) {
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
            softmax(false, x.as_ptr(), plain.as_mut_ptr(), axis, Share::WHOLE);
            softmax(true, x.as_ptr(), log.as_mut_ptr(), axis, Share::WHOLE);
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
