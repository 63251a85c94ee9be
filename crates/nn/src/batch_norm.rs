use crate::share::Share;
use gemm::Activation;
use operands::operands;
use simd::{F32x4, LANES};

operands! {
    /// `output = activation(input * scale + shift)` with one scale and shift for each channel: a batch norm at
    /// inference that no convolution before it can absorb.
    pub struct ScaleShift {
        pub input: *const f32,
        pub scale: *const f32,
        pub shift: *const f32,
        pub output: *mut f32,
        pub rows: usize,
        pub channels: usize,
        pub activation: Activation,
    }
}

/// Computes this thread's share of the rows.
///
/// # Safety
/// The buffers must be valid for `rows * channels` and `channels` values.
#[inline(never)]
pub unsafe fn scale_shift(p: &ScaleShift, share: Share) {
    let whole = p.channels - p.channels % LANES;
    let rest = p.channels - whole;
    for row in share.of(p.rows) {
        let (input, output) = (p.input.add(row * p.channels), p.output.add(row * p.channels));
        for c in (0..whole).step_by(LANES) {
            let value = F32x4::load(p.shift.add(c)).add_product(F32x4::load(input.add(c)), F32x4::load(p.scale.add(c)));
            p.activation.apply(value).store(output.add(c));
        }
        if rest > 0 {
            let tail = |source: *const f32| F32x4::load_partial(source.add(whole), rest);
            let value = tail(p.shift).add_product(tail(input), tail(p.scale));
            p.activation.apply(value).store_partial(output.add(whole), rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_and_shifts_each_channel() {
        for channels in 1..10 {
            let x: Vec<f32> = (0..3 * channels).map(|i| i as f32 - 8.0).collect();
            let scale: Vec<f32> = (0..channels).map(|c| c as f32 * 0.5).collect();
            let shift: Vec<f32> = (0..channels).map(|c| 1.0 - c as f32).collect();
            let mut out = vec![f32::NAN; x.len()];
            let p = ScaleShift {
                input: x.as_ptr(),
                scale: scale.as_ptr(),
                shift: shift.as_ptr(),
                output: out.as_mut_ptr(),
                rows: 3,
                channels,
                activation: Activation::Relu,
            };
            for thread in 0..2 {
                unsafe { scale_shift(&p, Share { thread, threads: 2 }) };
            }
            for (i, got) in out.iter().enumerate() {
                assert_eq!(*got, (x[i] * scale[i % channels] + shift[i % channels]).max(0.0));
            }
        }
    }
}
