use crate::share::Share;
use operands::operands;

/// Dimensions of a strided kernel; missing ones have size 1.
pub const RANK: usize = 6;

operands! {
    /// Copies a strided block of 4-byte elements: a slice, concatenation, padding or transpose.
    pub struct Copy {
        pub input: *const f32,
        pub output: *mut f32,
        pub sizes: [usize; RANK],
        pub input_strides: [usize; RANK],
        pub output_strides: [usize; RANK],
    }
}

/// Calls `row` with the offsets into each operand for every innermost row of this thread's share.
#[inline(always)]
pub(crate) fn for_each_row<const OPERANDS: usize>(
    sizes: &[usize; RANK],
    strides: [&[usize; RANK]; OPERANDS],
    share: Share,
    mut row: impl FnMut([usize; OPERANDS]),
) {
    let part = share.of(sizes[..RANK - 1].iter().product());
    if part.is_empty() {
        return;
    }
    // Where the first row lies. The next ones are found by stepping, which costs less than dividing for each.
    let mut at = [0; RANK - 1];
    let mut offsets = [0; OPERANDS];
    let mut rest = part.start;
    for dimension in (0..RANK - 1).rev() {
        at[dimension] = rest % sizes[dimension];
        rest /= sizes[dimension];
        for (offset, strides) in offsets.iter_mut().zip(strides) {
            *offset += at[dimension] * strides[dimension];
        }
    }
    for _ in part {
        row(offsets);
        for dimension in (0..RANK - 1).rev() {
            at[dimension] += 1;
            let wraps = at[dimension] == sizes[dimension];
            for (offset, strides) in offsets.iter_mut().zip(strides) {
                *offset += strides[dimension];
                if wraps {
                    *offset -= sizes[dimension] * strides[dimension];
                }
            }
            if !wraps {
                break;
            }
            at[dimension] = 0;
        }
    }
}

/// Copies this thread's share of the rows.
///
/// # Safety
/// Both buffers must be valid wherever sizes and strides lead, and must not overlap.
#[inline(never)]
pub unsafe fn copy(p: &Copy, share: Share) {
    let (count, from, to) = (p.sizes[RANK - 1], p.input_strides[RANK - 1], p.output_strides[RANK - 1]);
    for_each_row(&p.sizes, [&p.input_strides, &p.output_strides], share, |[input, output]| {
        let (input, output) = (p.input.add(input), p.output.add(output));
        if from == 1 && to == 1 {
            std::ptr::copy_nonoverlapping(input, output, count);
        } else {
            for i in 0..count {
                *output.add(i * to) = *input.add(i * from);
            }
        }
    });
}

operands! {
    /// Sets every value of a buffer to `value`.
    pub struct Fill {
        pub output: *mut f32,
        pub count: usize,
        pub value: f32,
    }
}

/// Sets this thread's share of the values.
///
/// # Safety
/// `output` must be writable for `count` values.
#[inline(never)]
pub unsafe fn fill(p: &Fill, share: Share) {
    let part = share.of(p.count);
    std::slice::from_raw_parts_mut(p.output.add(part.start), part.len()).fill(p.value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposes_and_strided_slices() {
        let x: Vec<f32> = (0..24).map(|i| i as f32).collect();
        let mut out = vec![0.0; 12];
        // x is [4, 6]; out = x[:, ::2] transposed to [3, 4].
        let p = Copy {
            input: x.as_ptr(),
            output: out.as_mut_ptr(),
            sizes: [1, 1, 1, 1, 3, 4],
            input_strides: [0, 0, 0, 0, 2, 6],
            output_strides: [0, 0, 0, 0, 4, 1],
        };
        for thread in 0..2 {
            unsafe { copy(&p, Share { thread, threads: 2 }) };
        }
        assert_eq!(out, [0., 6., 12., 18., 2., 8., 14., 20., 4., 10., 16., 22.]);
    }

    #[test]
    fn fill_writes_its_share_only() {
        let mut out = vec![0.0; 5];
        let p = Fill { output: out.as_mut_ptr(), count: 5, value: 7.0 };
        unsafe { fill(&p, Share { thread: 1, threads: 2 }) };
        assert_eq!(out, [0., 0., 7., 7., 7.]);
    }
}
