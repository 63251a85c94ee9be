use operands::operands;

operands! {
    /// A buffer seen as `[outer, length, inner]`, for operations along one axis.
    pub struct Axis {
        pub outer: usize,
        pub length: usize,
        pub inner: usize,
    }
}
