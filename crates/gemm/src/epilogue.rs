use operands::{kinds, operands};
use simd::F32x4;

kinds! {
    /// The activation function, applied last to every element of the output.
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
        /// One value for each column, padded to a whole panel; 0 for none.
        pub bias: *const f32,
        /// Laid out like the output; 0 for none.
        pub residual: *const f32,
        pub activation: Activation,
    }
}

impl Epilogue {
    /// The plain product.
    pub const PLAIN: Epilogue =
        Epilogue { bias: std::ptr::null(), residual: std::ptr::null(), activation: Activation::None };
}
