use crate::conv_shape::ConvShape;
use operands::operands;

operands! {
    /// The gradient of a convolution's weights: for every tap, the sum over pixels of the tap's input times the
    /// gradient of the output.
    ///
    /// Pixels are cut into segments, by shape alone. Their sums lie next to each other; `sum_weights` adds them up.
    pub struct WeightGradient {
        pub input: *const f32,
        /// The gradient of the output.
        pub gradient: *const f32,
        /// `[segments, groups, panels, taps, depth, 8]`.
        pub partials: *mut f32,
        pub segments: usize,
        pub shape: ConvShape,
    }
}
