use crate::copy::{for_each_row, RANK};
use crate::share::Share;
use operands::{kinds, operands};
use simd::{F32x4, LANES};

kinds! {
    pub enum UnaryKind {
        Relu,
        Neg,
        Abs,
        Exp,
        Log,
        Sqrt,
        Square,
        Reciprocal,
        Sigmoid,
        Tanh,
        /// `x * sigmoid(x)`.
        Silu,
    }
}

kinds! {
    pub enum BinaryKind {
        Add,
        Sub,
        Mul,
        Div,
        Maximum,
        Minimum,
        /// `a` if `b > 0`, else 0: the gradient of a ReLU.
        Gate,
    }
}

operands! {
    /// An elementwise operation on one operand: `output[i] = kind(input[i])`.
    pub struct Unary {
        pub kind: UnaryKind,
        pub input: *const f32,
        /// May be the same buffer as the input.
        pub output: *mut f32,
        pub count: usize,
    }
}

/// Computes this thread's share of the values.
///
/// # Safety
/// Both buffers must be valid for `count` values.
#[inline(never)]
pub unsafe fn unary(p: &Unary, share: Share) {
    let part = share.of(p.count);
    let (input, output, count) = (p.input.add(part.start), p.output.add(part.start), part.len());
    let lanes = |f: fn(F32x4) -> F32x4| {
        let whole = count - count % LANES;
        for i in (0..whole).step_by(LANES) {
            f(F32x4::load(input.add(i))).store(output.add(i));
        }
        f(F32x4::load_partial(input.add(whole), count - whole)).store_partial(output.add(whole), count - whole);
    };
    let each = |f: fn(f32) -> f32| {
        for i in 0..count {
            *output.add(i) = f(*input.add(i));
        }
    };
    match p.kind {
        UnaryKind::Relu => lanes(|x| x.max(F32x4::zero())),
        UnaryKind::Neg => lanes(|x| x * F32x4::splat(-1.0)),
        UnaryKind::Abs => lanes(F32x4::abs),
        UnaryKind::Sqrt => lanes(F32x4::sqrt),
        UnaryKind::Square => lanes(|x| x * x),
        UnaryKind::Reciprocal => lanes(|x| F32x4::splat(1.0) / x),
        UnaryKind::Exp => each(f32::exp),
        UnaryKind::Log => each(f32::ln),
        UnaryKind::Sigmoid => each(|x| 1.0 / (1.0 + (-x).exp())),
        UnaryKind::Tanh => each(f32::tanh),
        UnaryKind::Silu => each(|x| x / (1.0 + (-x).exp())),
    }
}

operands! {
    /// An elementwise operation on two operands broadcast to one shape. A broadcast dimension has stride 0; the
    /// innermost strides are 0 or 1.
    pub struct Binary {
        pub kind: BinaryKind,
        pub a: *const f32,
        pub b: *const f32,
        pub output: *mut f32,
        pub sizes: [usize; RANK],
        pub a_strides: [usize; RANK],
        pub b_strides: [usize; RANK],
    }
}

/// Computes this thread's share of the rows.
///
/// # Safety
/// The operands must be readable wherever the strides lead and `output` writable for the product of
/// the sizes.
#[inline(never)]
pub unsafe fn binary(p: &Binary, share: Share) {
    match p.kind {
        BinaryKind::Add => rows(p, share, |a, b| a + b),
        BinaryKind::Sub => rows(p, share, |a, b| a - b),
        BinaryKind::Mul => rows(p, share, |a, b| a * b),
        BinaryKind::Div => rows(p, share, |a, b| a / b),
        BinaryKind::Maximum => rows(p, share, F32x4::max),
        BinaryKind::Minimum => rows(p, share, F32x4::min),
        BinaryKind::Gate => rows(p, share, |a, b| a.where_greater(b, F32x4::zero())),
    }
}

#[inline(always)]
unsafe fn rows(p: &Binary, share: Share, f: impl Fn(F32x4, F32x4) -> F32x4) {
    let count = p.sizes[RANK - 1];
    let whole = count - count % LANES;
    let (a_step, b_step) = (p.a_strides[RANK - 1], p.b_strides[RANK - 1]);
    let mut output_strides = [1; RANK];
    for dimension in (0..RANK - 1).rev() {
        output_strides[dimension] = output_strides[dimension + 1] * p.sizes[dimension + 1];
    }
    for_each_row(&p.sizes, [&p.a_strides, &p.b_strides, &output_strides], share, |[a, b, output]| {
        let (a, b, output) = (p.a.add(a), p.b.add(b), p.output.add(output));
        for i in (0..whole).step_by(LANES) {
            f(lanes(a, a_step, i, LANES), lanes(b, b_step, i, LANES)).store(output.add(i));
        }
        let rest = count - whole;
        if rest > 0 {
            f(lanes(a, a_step, whole, rest), lanes(b, b_step, whole, rest)).store_partial(output.add(whole), rest);
        }
    });
}

/// Reads `count` values from `index` on; the innermost stride is 1, or 0 if the operand is broadcast.
#[inline(always)]
unsafe fn lanes(source: *const f32, step: usize, index: usize, count: usize) -> F32x4 {
    match step {
        0 => F32x4::load_splat(source),
        _ if count == LANES => F32x4::load(source.add(index)),
        _ => F32x4::load_partial(source.add(index), count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unary_kinds_equal_their_scalar_forms() {
        let x: Vec<f32> = (0..11).map(|i| i as f32 * 0.5 + 0.25).collect();
        type Scalar = fn(f32) -> f32;
        let cases: [(UnaryKind, Scalar); 11] = [
            (UnaryKind::Relu, |x| x.max(0.0)),
            (UnaryKind::Neg, |x| -x),
            (UnaryKind::Abs, f32::abs),
            (UnaryKind::Exp, f32::exp),
            (UnaryKind::Log, f32::ln),
            (UnaryKind::Sqrt, f32::sqrt),
            (UnaryKind::Square, |x| x * x),
            (UnaryKind::Reciprocal, |x| 1.0 / x),
            (UnaryKind::Sigmoid, |x| 1.0 / (1.0 + (-x).exp())),
            (UnaryKind::Tanh, f32::tanh),
            (UnaryKind::Silu, |x| x / (1.0 + (-x).exp())),
        ];
        for (kind, f) in cases {
            let mut out = vec![f32::NAN; x.len()];
            for thread in 0..3 {
                let p = Unary { kind, input: x.as_ptr(), output: out.as_mut_ptr(), count: x.len() };
                unsafe { unary(&p, Share { thread, threads: 3 }) };
            }
            for (got, x) in out.iter().zip(&x) {
                let want = f(*x);
                assert!((got - want).abs() <= want.abs() * 1e-6, "{kind:?}({x}) = {got}, not {want}");
            }
        }
    }

    #[test]
    fn binary_broadcasts_by_zero_strides() {
        let a: Vec<f32> = (0..10).map(|i| i as f32).collect();
        let b = [10.0, 20.0];
        let mut out = vec![f32::NAN; 10];
        let p = Binary {
            kind: BinaryKind::Add,
            a: a.as_ptr(),
            b: b.as_ptr(),
            output: out.as_mut_ptr(),
            sizes: [1, 1, 1, 1, 2, 5],
            a_strides: [0, 0, 0, 0, 5, 1],
            b_strides: [0, 0, 0, 0, 1, 0],
        };
        for thread in 0..2 {
            unsafe { binary(&p, Share { thread, threads: 2 }) };
        }
        assert_eq!(out, [10., 11., 12., 13., 14., 25., 26., 27., 28., 29.]);
    }

    #[test]
    fn gate_keeps_what_stands_beside_positive_values() {
        let a = [1.0, -2.0, f32::INFINITY, 4.0, 5.0];
        let b = [0.5, 1e-30, 0.0, -1.0, f32::NAN];
        let mut out = [f32::NAN; 5];
        let strides = [0, 0, 0, 0, 0, 1];
        let p = Binary {
            kind: BinaryKind::Gate,
            a: a.as_ptr(),
            b: b.as_ptr(),
            output: out.as_mut_ptr(),
            sizes: [1, 1, 1, 1, 1, 5],
            a_strides: strides,
            b_strides: strides,
        };
        unsafe { binary(&p, Share::WHOLE) };
        assert_eq!(out, [1.0, -2.0, 0.0, 0.0, 0.0]);
    }
}
