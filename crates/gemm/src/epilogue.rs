use simd::F32x4;

/// What is applied to every output element last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    None,
    Relu,
}

impl Activation {
    #[inline(always)]
    pub fn apply(self, value: F32x4) -> F32x4 {
        match self {
            Activation::None => value,
            Activation::Relu => value.max(F32x4::zero()),
        }
    }
}

/// `activation(product + bias + residual)`, applied while the product is still in registers.
#[derive(Clone, Copy)]
pub struct Epilogue {
    /// One value a column, padded to a whole panel, or null.
    pub bias: *const f32,
    /// Laid out as the output, or null.
    pub residual: *const f32,
    pub activation: Activation,
}
