use operands::kinds;

kinds! {
    /// Which filtering is used.
    pub enum Filtering {
        /// Pieces of 4x4 inputs and 2x2 outputs.
        F2,
        /// Pieces of 6x6 inputs and 4x4 outputs.
        F4,
    }
}

kinds! {
    /// How a convolution stores its weights.
    pub enum WeightForm {
        /// Transformed beforehand: for weights small enough to stay in the caches.
        Transformed,
        /// In the panels of the direct convolution, transformed at each run: they take a quarter of the memory, and if
        /// they come from there, reading less saves more time than the transform takes.
        Panels,
    }
}

impl Filtering {
    /// Outputs of a piece, down and across.
    pub const fn output(self) -> usize {
        match self {
            Filtering::F2 => 2,
            Filtering::F4 => 4,
        }
    }

    /// Points of a piece's transform, as many as it has inputs.
    pub const fn points(self) -> usize {
        let input = self.output() + 2;
        input * input
    }
}

/// Gap between values that would otherwise lie powers of two apart and compete for the same cache lines.
pub const GAP: usize = 16;

/// Values from one transformed piece to the next.
pub(super) fn piece_stride(points: usize, channels: usize) -> usize {
    points * channels + GAP
}
