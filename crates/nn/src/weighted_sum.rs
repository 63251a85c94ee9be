use crate::copy::{fill, Fill};
use crate::share::Share;
use operands::operands;
use simd::{F32x4, LANES};

/// The most tensors that one sum takes.
pub const TERMS: usize = 4;

operands! {
    /// `output[i] = sum over terms of weights[k] * inputs[k][i]`, in one pass: the building block of optimisers.
    pub struct WeightedSum {
        /// The terms; 0 means no term. The output may be one of them.
        pub inputs: [*const f32; TERMS],
        /// One value for each term, read when the sum is computed.
        pub weights: *const f32,
        pub output: *mut f32,
        pub count: usize,
    }
}

/// Computes this thread's share.
///
/// # Safety
/// The buffers must be valid for `count` values.
#[inline(never)]
pub unsafe fn weighted_sum(p: &WeightedSum, share: Share) {
    let mut terms = [(std::ptr::null(), 0.0); TERMS];
    let mut count = 0;
    for (k, input) in p.inputs.iter().enumerate().filter(|(_, input)| !input.is_null()) {
        terms[count] = (*input, *p.weights.add(k));
        count += 1;
    }
    match count {
        0 => fill(&Fill { output: p.output, count: p.count, value: 0.0 }, share),
        1 => sum::<1>(p, &terms, share),
        2 => sum::<2>(p, &terms, share),
        3 => sum::<3>(p, &terms, share),
        _ => sum::<4>(p, &terms, share),
    }
}

#[inline(never)]
unsafe fn sum<const COUNT: usize>(p: &WeightedSum, terms: &[(*const f32, f32); TERMS], share: Share) {
    let inputs: [*const f32; COUNT] = std::array::from_fn(|k| terms[k].0);
    let weights: [F32x4; COUNT] = std::array::from_fn(|k| F32x4::splat(terms[k].1));
    let part = share.of(p.count);
    let add = |load: &dyn Fn(*const f32) -> F32x4| {
        let mut sum = load(inputs[0]) * weights[0];
        for k in 1..COUNT {
            sum = sum.add_product(load(inputs[k]), weights[k]);
        }
        sum
    };
    let mut i = part.start;
    while i + LANES <= part.end {
        add(&|input| F32x4::load(input.add(i))).store(p.output.add(i));
        i += LANES;
    }
    let rest = part.end - i;
    add(&|input| F32x4::load_partial(input.add(i), rest)).store_partial(p.output.add(i), rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_the_weighted_terms_that_are_there_for_any_number_of_threads() {
        let weights = [2.0, -0.5, 3.0, 0.25];
        for count in [0, 1, 4, 7, 18] {
            let terms: Vec<Vec<f32>> =
                (0..TERMS).map(|k| (0..count).map(|i| (i * (k + 1)) as f32 - 4.0).collect()).collect();
            for present in 0..1usize << TERMS {
                let there = |k: usize| present >> k & 1 == 1;
                for threads in 1..4 {
                    let mut out = vec![f32::NAN; count];
                    let p = WeightedSum {
                        inputs: std::array::from_fn(|k| if there(k) { terms[k].as_ptr() } else { std::ptr::null() }),
                        weights: weights.as_ptr(),
                        output: out.as_mut_ptr(),
                        count,
                    };
                    for thread in 0..threads {
                        unsafe { weighted_sum(&p, Share { thread, threads }) };
                    }
                    let want: Vec<f32> = (0..count)
                        .map(|i| (0..TERMS).filter(|&k| there(k)).map(|k| weights[k] * terms[k][i]).sum())
                        .collect();
                    assert_eq!(out, want, "terms {present:b}, {threads} threads");
                }
            }
        }
    }

    #[test]
    fn the_output_may_be_a_term() {
        let mut velocity = [1.0, 2.0, 3.0, 4.0, 5.0];
        let gradient = [10.0; 5];
        let none = std::ptr::null();
        let output = velocity.as_mut_ptr();
        let p = WeightedSum {
            inputs: [output, none, gradient.as_ptr(), none],
            weights: [0.5, 0.0, 2.0, 0.0].as_ptr(),
            output,
            count: 5,
        };
        unsafe { weighted_sum(&p, Share::WHOLE) };
        assert_eq!(velocity, [20.5, 21.0, 21.5, 22.0, 22.5]);
    }
}
