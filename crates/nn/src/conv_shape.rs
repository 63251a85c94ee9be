use operands::operands;

operands! {
    /// The sizes of a convolution, which its gradients share.
    pub struct ConvShape {
        pub batch: usize,
        pub height: usize,
        pub width: usize,
        pub output_height: usize,
        pub output_width: usize,
        pub groups: usize,
        /// Output channels of a group.
        pub columns: usize,
        /// Input channels of a group.
        pub depth: usize,
        pub kernel: [usize; 2],
        pub stride: [usize; 2],
        pub dilation: [usize; 2],
        /// Padding rows above and columns to the left, cropped if negative; the padding below and to the right follows
        /// from the sizes.
        pub padding: [isize; 2],
    }
}

impl ConvShape {
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }
}

/// Shapes and values for tests.
#[cfg(test)]
pub mod cases {
    use super::ConvShape;

    /// A 3x3 convolution; `sized` fills in the size of its output.
    pub const BASE: ConvShape = ConvShape {
        batch: 1,
        height: 5,
        width: 6,
        output_height: 0,
        output_width: 0,
        groups: 1,
        columns: 10,
        depth: 3,
        kernel: [3, 3],
        stride: [1, 1],
        dilation: [1, 1],
        padding: [1, 1],
    };

    pub fn sized(c: ConvShape) -> ConvShape {
        let outputs = |size: usize, axis: usize| {
            let span = c.dilation[axis] * (c.kernel[axis] - 1) + 1;
            (size.wrapping_add_signed(2 * c.padding[axis]) - span) / c.stride[axis] + 1
        };
        ConvShape { output_height: outputs(c.height, 0), output_width: outputs(c.width, 1), ..c }
    }

    /// Small multiples of 1/8, whose sums are exact. The remainder comes first, as a product may not fit into 32 bits.
    pub fn values(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i % 19 * 15 + seed * 13) % 19) as f32 / 8.0 - 1.0).collect()
    }
}
