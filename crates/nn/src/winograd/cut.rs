use operands::operands;

operands! {
    /// How images are cut into pieces, and which pieces an instruction transforms.
    pub struct Cut {
        /// Height of the images; width and channels are theirs too.
        pub height: usize,
        pub width: usize,
        pub channels: usize,
        /// Padding rows above and columns to the left, cropped if negative; none around gradients.
        pub padding: [isize; 2],
        /// Pieces of an image, down and across.
        pub pieces: [usize; 2],
        /// The first piece, counted through all images.
        pub first: usize,
        pub count: usize,
    }
}

impl Cut {
    /// The number of a piece's image, and its row and column in it.
    #[inline(always)]
    pub fn locate(&self, piece: usize) -> (usize, usize, usize) {
        let (row, column) = ((self.first + piece) / self.pieces[1], (self.first + piece) % self.pieces[1]);
        (row / self.pieces[0], row % self.pieces[0], column)
    }
}
