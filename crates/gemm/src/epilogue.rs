use operands::{kinds, operands};
use simd::F32x4;

kinds! {
    /// What is applied to every output element last.
    pub enum Activation {
        None,
        Relu,
    }
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

operands! {
    /// `activation(product + bias + residual)`, applied while the product is still in registers.
    pub struct Epilogue {
        /// One value for each column, padded to a whole panel. None where 0.
        pub bias: *const f32,
        /// Laid out as the output. None where 0.
        pub residual: *const f32,
        pub activation: Activation,
    }
}

impl Epilogue {
    /// The product as it is.
    pub const PLAIN: Epilogue =
        Epilogue { bias: std::ptr::null(), residual: std::ptr::null(), activation: Activation::None };
}
