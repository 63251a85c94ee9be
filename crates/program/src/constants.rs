//! The numbers that TypeScript must know to lay out memory for the kernels.

use nn::{weight_gradient, winograd, Filtering};
use operands::{Kind, WordSchema};

pub(crate) struct Constant {
    pub name: &'static str,
    pub about: &'static str,
    pub value: Value,
}

pub(crate) enum Value {
    Number(usize),
    /// One for each value of a kind.
    Each(Vec<(&'static str, usize)>),
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Value::Number(number)
    }
}

fn each<K: Kind>(number: impl Fn(K) -> usize) -> Value {
    let WordSchema::Kind { values, .. } = K::SCHEMA else { unreachable!("a kind has the schema of one") };
    Value::Each(values.iter().copied().zip(K::ALL.iter().map(|kind| number(*kind))).collect())
}

macro_rules! constants {
    ($($(#[doc = $about:literal])* $name:ident = $value:expr;)*) => {
        pub(crate) fn constants() -> Vec<Constant> {
            vec![$(Constant {
                name: stringify!($name),
                about: concat!($($about, "\n"),*),
                value: Value::from($value),
            },)*]
        }
    };
}

constants! {
    /// The most threads of a pool.
    MAX_THREADS = crate::pool::MAX_THREADS;
    /// Lanes of a vector.
    LANES = nn::LANES;
    /// Columns of a packed panel: the width of the kernels' tile.
    COLUMNS = nn::COLUMNS;
    /// The most rows of the tile.
    TILE_ROWS = nn::MOST_ROWS;
    /// Row pointers that a thread of `conv2d` needs for each tap.
    ROW_POINTERS = nn::ROW_POINTERS;
    /// Dimensions of a strided operation; missing ones have size 1.
    RANK = nn::RANK;
    /// Values that `block_moments` writes for each block and channel.
    MOMENT_PARTS = nn::MOMENT_PARTS;
    /// Values that `normalize_sums` writes for each block and channel.
    GRADIENT_SUMS = nn::GRADIENT_SUMS;
    /// The most panels of a unit of work of `weight_gradient`.
    WEIGHT_GRADIENT_UNIT_PANELS = weight_gradient::UNIT_PANELS;
    /// Outputs of a piece, down and across.
    WINOGRAD_OUTPUT = each(Filtering::output);
    /// Points of a piece's transform.
    WINOGRAD_POINTS = each(Filtering::points);
    /// Values between transformed pieces, between the points of products and weights, and between those of factors.
    WINOGRAD_GAP = winograd::GAP;
    /// The most pieces of a unit of work of `winograd_output`.
    WINOGRAD_UNIT_PIECES = winograd::UNIT_PIECES;
    /// The most panels of a unit of work of `winograd_output`.
    WINOGRAD_UNIT_PANELS = winograd::UNIT_PANELS;
    /// Values from the products of one point to those of the next.
    WINOGRAD_PRODUCTS = winograd::PRODUCTS_STRIDE;
    /// Values between the pieces of an input that `winograd_factor` writes.
    WINOGRAD_PIECE_GAP = winograd::PIECE_GAP;
}
