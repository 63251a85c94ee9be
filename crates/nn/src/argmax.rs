use crate::axis::Axis;
use crate::share::Share;
use operands::operands;

operands! {
    /// Index of the largest value of `[outer, length, inner]` along the middle axis, the first of equals; a NaN counts
    /// as the largest.
    pub struct Argmax {
        pub input: *const f32,
        /// `[outer, inner]`.
        pub output: *mut i32,
        pub axis: Axis,
    }
}

/// Computes this thread's share.
///
/// # Safety
/// `input` must be readable for the product of the axis's sizes, `output` writable for `outer * inner`.
#[inline(never)]
pub unsafe fn argmax(p: &Argmax, share: Share) {
    let Argmax { input, output, axis } = *p;
    for unit in share.of(axis.outer * axis.inner) {
        let input = input.add(unit / axis.inner * axis.length * axis.inner + unit % axis.inner);
        let (mut best, mut value) = (0, *input);
        for i in 1..axis.length {
            let candidate = *input.add(i * axis.inner);
            if candidate > value || (candidate.is_nan() && !value.is_nan()) {
                (best, value) = (i, candidate);
            }
        }
        *output.add(unit) = best as i32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_first_of_equals_and_any_nan() {
        let x = [1.0, 3.0, 3.0, f32::NAN, 5.0, f32::NAN];
        let mut out = [-1; 2];
        let axis = Axis { outer: 2, length: 3, inner: 1 };
        unsafe { argmax(&Argmax { input: x.as_ptr(), output: out.as_mut_ptr(), axis }, Share::WHOLE) };
        assert_eq!(out, [1, 0]);
    }
}
