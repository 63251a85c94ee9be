//! Types of the fields of instructions.

use nn::{Activation, BinaryKind, Factor, Filtering, PoolKind, ReduceKind, UnaryKind, WeightForm};

/// A field's type; how it is read from the list and what TypeScript may put there.
pub(crate) trait Field: Sized {
    const WORDS: usize;
    /// A list has the type of its elements.
    const TYPE: &'static str;
    fn read(words: &[u32]) -> Option<Self>;
    /// Names of the values, for kinds.
    fn names() -> Vec<&'static str> {
        Vec::new()
    }
}

/// A byte offset into the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(pub u32);

macro_rules! words {
    ($($type:ty: $name:literal = |$word:ident| $value:expr;)*) => {$(
        impl Field for $type {
            const WORDS: usize = 1;
            const TYPE: &'static str = $name;
            fn read(words: &[u32]) -> Option<Self> {
                let $word = words[0];
                Some($value)
            }
        }

        impl<const N: usize> Field for [$type; N] {
            const WORDS: usize = N;
            const TYPE: &'static str = $name;
            fn read(words: &[u32]) -> Option<Self> {
                Some(std::array::from_fn(|i| {
                    let $word = words[i];
                    $value
                }))
            }
        }
    )*};
}
words! {
    Address: "address" = |word| Address(word);
    usize: "size" = |word| word as usize;
    isize: "offset" = |word| word as i32 as isize;
}

impl Field for f32 {
    const WORDS: usize = 1;
    const TYPE: &'static str = "float";
    fn read(words: &[u32]) -> Option<Self> {
        Some(f32::from_bits(words[0]))
    }
}

macro_rules! kinds {
    ($($kind:ty: $($value:ident = $name:literal),*;)*) => {$(
        impl Field for $kind {
            const WORDS: usize = 1;
            const TYPE: &'static str = stringify!($kind);
            fn read(words: &[u32]) -> Option<Self> {
                [$(<$kind>::$value),*].get(words[0] as usize).copied()
            }
            fn names() -> Vec<&'static str> {
                vec![$($name),*]
            }
        }
    )*};
}

kinds! {
    Activation: None = "none", Relu = "relu";
    Factor: Input = "input", Gradient = "gradient";
    Filtering: F2 = "F2", F4 = "F4";
    WeightForm: Transformed = "transformed", Panels = "panels";
    UnaryKind: Relu = "relu", Neg = "neg", Abs = "abs", Exp = "exp", Log = "log", Sqrt = "sqrt",
        Square = "square", Reciprocal = "reciprocal", Sigmoid = "sigmoid", Tanh = "tanh";
    BinaryKind: Add = "add", Sub = "sub", Mul = "mul", Div = "div", Maximum = "maximum", Minimum = "minimum",
        Gate = "gate";
    ReduceKind: Sum = "sum", Mean = "mean", Max = "max", Min = "min";
    PoolKind: Max = "max", Average = "average", AverageWithPadding = "averageWithPadding";
}
