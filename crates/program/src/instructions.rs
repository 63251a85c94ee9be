//! The instruction table: the one place where an instruction's name, number and fields are defined.
//! The TypeScript encoder's table is generated from it by `cargo run -p program --example typescript`.

use crate::fields::{Address, Field};
use nn::{Activation, BinaryKind, Factor, Filtering, PoolKind, ReduceKind, UnaryKind, WeightForm};

/// What the generator of the TypeScript table needs to know of a field.
pub(crate) struct FieldSchema {
    pub name: &'static str,
    pub kind: &'static str,
    pub words: usize,
    pub names: Vec<&'static str>,
}

pub(crate) struct InstructionSchema {
    pub name: &'static str,
    pub about: String,
    pub fields: Vec<FieldSchema>,
}

macro_rules! instructions {
    ($($(#[doc = $about:literal])* $name:ident { $($field:ident: $type:ty,)* })*) => {
        /// One decoded instruction.
        #[derive(Clone, Copy, Debug)]
        pub enum Instruction {
            $($(#[doc = $about])* $name { $($field: $type,)* },)*
        }

        impl Instruction {
            /// Reads the instruction at the start of `words` and the number of words it takes;
            /// `None` where the words are no instruction.
            pub fn decode(words: &[u32]) -> Option<(Instruction, usize)> {
                let number = *words.first()?;
                let mut next = 0;
                $(
                    if number == next {
                        let mut at = 1;
                        $(
                            let $field = <$type as Field>::read(words.get(at..at + <$type as Field>::WORDS)?)?;
                            at += <$type as Field>::WORDS;
                        )*
                        return Some((Instruction::$name { $($field,)* }, at));
                    }
                    next += 1;
                )*
                let _ = next;
                None
            }
        }

        pub(crate) fn schema() -> Vec<InstructionSchema> {
            vec![$(InstructionSchema {
                name: stringify!($name),
                about: concat!($($about, "\n"),*).trim().to_string(),
                fields: vec![$(FieldSchema {
                    name: stringify!($field),
                    kind: <$type as Field>::TYPE,
                    words: <$type as Field>::WORDS,
                    names: <$type as Field>::names(),
                },)*],
            },)*]
        }
    };
}

instructions! {
    /// Packs a matrix or convolution weights into panels of 8 columns.
    PackPanels {
        source: Address,
        packed: Address,
        groups: usize,
        columns: usize,
        taps: [usize; 2],
        depth: usize,
        group_stride: usize,
        column_stride: usize,
        tap_strides: [isize; 2],
        depth_stride: usize,
    }
    /// Convolution of packed weights with bias, residual and activation; a matrix product is one of 1x1.
    /// `bias` and `residual` may be 0; `zeros` points to at least `pixel_stride` zeros. Each thread has
    /// `scratch_floats` of the scratch to itself.
    Conv2d {
        input: Address,
        weights: Address,
        bias: Address,
        residual: Address,
        output: Address,
        zeros: Address,
        activation: Activation,
        batch: usize,
        height: usize,
        width: usize,
        pixel_stride: usize,
        output_height: usize,
        output_width: usize,
        groups: usize,
        columns: usize,
        depth: usize,
        kernel: [usize; 2],
        stride: [usize; 2],
        dilation: [usize; 2],
        padding: [isize; 2],
        scratch: Address,
        scratch_floats: usize,
    }
    /// Transforms 3x3 weights for one of Winograd's filterings and packs a set of panels for each of its points.
    WinogradWeights {
        filtering: Filtering,
        source: Address,
        packed: Address,
        channels: usize,
        columns: usize,
        column_stride: usize,
        channel_stride: usize,
        tap_strides: [isize; 2],
    }
    /// Transforms the pieces `first .. first + count` of the input into a plane for each point.
    WinogradInput {
        filtering: Filtering,
        input: Address,
        transformed: Address,
        height: usize,
        width: usize,
        channels: usize,
        padding: [isize; 2],
        pieces: [usize; 2],
        first: usize,
        count: usize,
    }
    /// Multiplies transformed pieces and weights, transforms back and applies bias, residual and activation.
    WinogradOutput {
        filtering: Filtering,
        form: WeightForm,
        transformed: Address,
        weights: Address,
        bias: Address,
        residual: Address,
        output: Address,
        activation: Activation,
        height: usize,
        width: usize,
        channels: usize,
        columns: usize,
        pieces: [usize; 2],
        first: usize,
        count: usize,
        scratch: Address,
        scratch_floats: usize,
    }
    /// Max or average pooling.
    Pool2d {
        kind: PoolKind,
        input: Address,
        output: Address,
        batch: usize,
        height: usize,
        width: usize,
        channels: usize,
        output_height: usize,
        output_width: usize,
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
    }
    /// Copies a strided block of 4-byte elements.
    Copy {
        input: Address,
        output: Address,
        sizes: [usize; 6],
        input_strides: [usize; 6],
        output_strides: [usize; 6],
    }
    /// Sets every element to one value.
    Fill {
        output: Address,
        count: usize,
        value: f32,
    }
    /// An elementwise operation of one operand.
    Unary {
        kind: UnaryKind,
        input: Address,
        output: Address,
        count: usize,
    }
    /// An elementwise operation of two operands; a broadcast dimension has stride 0, the innermost strides are 0 or 1.
    Binary {
        kind: BinaryKind,
        a: Address,
        b: Address,
        output: Address,
        sizes: [usize; 6],
        a_strides: [usize; 6],
        b_strides: [usize; 6],
    }
    /// `activation(input * scale + shift)` with one scale and shift a channel.
    ScaleShift {
        input: Address,
        scale: Address,
        shift: Address,
        output: Address,
        rows: usize,
        channels: usize,
        activation: Activation,
    }
    /// Sum, mean, maximum or minimum of `[outer, length, inner]` along the middle axis.
    Reduce {
        kind: ReduceKind,
        input: Address,
        output: Address,
        outer: usize,
        length: usize,
        inner: usize,
    }
    /// Softmax of `[outer, length, inner]` along the middle axis.
    Softmax {
        input: Address,
        output: Address,
        outer: usize,
        length: usize,
        inner: usize,
    }
    /// Logarithm of the softmax of `[outer, length, inner]` along the middle axis.
    LogSoftmax {
        input: Address,
        output: Address,
        outer: usize,
        length: usize,
        inner: usize,
    }
    /// Index (i32) of the largest value of `[outer, length, inner]` along the middle axis.
    Argmax {
        input: Address,
        output: Address,
        outer: usize,
        length: usize,
        inner: usize,
    }    /// `output[i] = sum of weights[k] * inputs[k][i]`; `weights` are 4 floats in memory. Inputs may be 0 (none), and one
    /// of them may be the output.
    WeightedSum {
        inputs: [Address; 4],
        weights: Address,
        output: Address,
        count: usize,
    }
    /// Mean, in two parts, and sum of squared deviations of every channel of each block of rows: `[blocks, 3, channels]`.
    BlockMoments {
        input: Address,
        partials: Address,
        rows: usize,
        channels: usize,
        block: usize,
    }
    /// Mean and biased variance, `[2, channels]`, from those of the blocks.
    Moments {
        partials: Address,
        output: Address,
        rows: usize,
        channels: usize,
        block: usize,
    }
    /// `activation((input - mean) / sqrt(variance + epsilon) * gamma + beta + residual)`; `moments` are means, then
    /// variances; `residual` may be 0.
    Normalize {
        input: Address,
        moments: Address,
        gamma: Address,
        beta: Address,
        residual: Address,
        output: Address,
        rows: usize,
        channels: usize,
        epsilon: f32,
        activation: Activation,
    }
    /// For each block of rows, every channel's sum of the gradient and of the gradient times the normalised input:
    /// `[blocks, 2, channels]`. The gradient counts where `gate > 0`; `gate` may be 0 (none).
    NormalizeSums {
        gradient: Address,
        input: Address,
        moments: Address,
        gate: Address,
        partials: Address,
        rows: usize,
        channels: usize,
        block: usize,
        epsilon: f32,
    }
    /// The gradient of a normalisation's input, through the moments too; `sums` is the total of the blocks' sums, `gate`
    /// as there. The output may be the gradient's buffer.
    NormalizeGradient {
        gradient: Address,
        input: Address,
        moments: Address,
        gamma: Address,
        sums: Address,
        gate: Address,
        output: Address,
        rows: usize,
        channels: usize,
        epsilon: f32,
    }
    /// The gradient of a pooling's input, which only a maximum reads; the other fields are the pooling's.
    Pool2dGradient {
        kind: PoolKind,
        gradient: Address,
        input: Address,
        output: Address,
        batch: usize,
        height: usize,
        width: usize,
        channels: usize,
        output_height: usize,
        output_width: usize,
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 2],
    }    /// Gradient of a convolution's weights, from its input and its output's gradient, for each of some segments of the
    /// pixels: `[segments, groups, panels, taps, depth, 8]`. The other fields are the convolution's.
    WeightGradient {
        input: Address,
        gradient: Address,
        partials: Address,
        segments: usize,
        batch: usize,
        height: usize,
        width: usize,
        output_height: usize,
        output_width: usize,
        groups: usize,
        columns: usize,
        depth: usize,
        kernel: [usize; 2],
        stride: [usize; 2],
        dilation: [usize; 2],
        padding: [isize; 2],
    }
    /// The weights' gradient, `[groups * columns, depth, taps]`, from those of the segments.
    SumWeights {
        partials: Address,
        output: Address,
        segments: usize,
        groups: usize,
        columns: usize,
        depth: usize,
        taps: usize,
    }    /// Transforms the pieces `first .. first + count` of a convolution's input or of its output's gradient into a plane
    /// for each of the 36 points; the gradient's channels lie in panels of 8.
    WinogradFactor {
        factor: Factor,
        source: Address,
        transformed: Address,
        height: usize,
        width: usize,
        channels: usize,
        padding: [isize; 2],
        pieces: [usize; 2],
        first: usize,
        count: usize,
    }
    /// Sums of the outer products of `count` transformed pieces, added to those of the `first` before them.
    WinogradProducts {
        inputs: Address,
        gradients: Address,
        sums: Address,
        channels: usize,
        columns: usize,
        first: usize,
        count: usize,
    }
    /// Transforms sums of products back to the gradient of 3x3 weights, `[columns, channels, 3, 3]`.
    WinogradTaps {
        sums: Address,
        output: Address,
        channels: usize,
        columns: usize,
    }
}
