use crate::tile::{COLUMNS, ROWS};
use simd::{F32x4, LANES};

/// Rows of pixels whose outer products are added up.
#[derive(Clone, Copy)]
pub struct Pieces {
    /// How many there are, and pixels of each.
    pub count: usize,
    pub length: usize,
    /// Values from one pixel's [`ROWS`] to the next one's, and from one piece to the next.
    pub step: usize,
    pub gap: usize,
}

/// `target[r][c] += sum over pixels of left[r] * right[c]`, a tile of [`ROWS`] x [`COLUMNS`]: the weight gradient's share of a
/// pixel is the product of every input with every output. `right` has the [`COLUMNS`] values of one pixel after the other.
///
/// # Safety
/// `left` must be readable wherever `pieces` leads, `right` for all pixels, `target` writable for a tile.
#[inline(always)]
pub unsafe fn add_outer_products(left: *const f32, right: *const f32, pieces: Pieces, target: *mut f32) {
    let mut sums = [[F32x4::zero(); 2]; ROWS];
    let mut right = right;
    for piece in 0..pieces.count {
        let mut left = left.add(piece * pieces.gap);
        macro_rules! pixel {
            ($at:expr) => {{
                let b0 = F32x4::load(right.add($at * COLUMNS));
                let b1 = F32x4::load(right.add($at * COLUMNS + LANES));
                let a = F32x4::load_splat(left);
                sums[0][0] = sums[0][0].add_product(a, b0);
                sums[0][1] = sums[0][1].add_product(a, b1);
                let a = F32x4::load_splat(left.add(1));
                sums[1][0] = sums[1][0].add_product(a, b0);
                sums[1][1] = sums[1][1].add_product(a, b1);
                let a = F32x4::load_splat(left.add(2));
                sums[2][0] = sums[2][0].add_product(a, b0);
                sums[2][1] = sums[2][1].add_product(a, b1);
                let a = F32x4::load_splat(left.add(3));
                sums[3][0] = sums[3][0].add_product(a, b0);
                sums[3][1] = sums[3][1].add_product(a, b1);
                left = left.add(pieces.step);
            }};
        }
        for _ in 0..pieces.length / 4 {
            pixel!(0);
            pixel!(1);
            pixel!(2);
            pixel!(3);
            right = right.add(4 * COLUMNS);
        }
        for _ in 0..pieces.length % 4 {
            pixel!(0);
            right = right.add(COLUMNS);
        }
    }
    for (row, halves) in sums.iter().enumerate() {
        for (half, sum) in halves.iter().enumerate() {
            let to = target.add(row * COLUMNS + half * LANES);
            (F32x4::load(to) + *sum).store(to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_every_pixel_of_every_piece() {
        for (count, length, step) in [(0, 3, 4), (1, 1, 4), (2, 4, 4), (3, 7, 8), (1, 9, 12)] {
            let gap = length * step + 4;
            let pieces = Pieces { count, length, step, gap };
            let left: Vec<f32> = (0..count * gap).map(|i| (i % 13) as f32 - 5.0).collect();
            let right: Vec<f32> = (0..count * length * COLUMNS).map(|i| (i % 17) as f32 - 6.0).collect();
            let mut tile = [1.0; ROWS * COLUMNS];
            unsafe { add_outer_products(left.as_ptr(), right.as_ptr(), pieces, tile.as_mut_ptr()) };
            for (at, got) in tile.iter().enumerate() {
                let (row, column) = (at / COLUMNS, at % COLUMNS);
                let pixels = (0..count).flat_map(|piece| (0..length).map(move |x| (piece, x)));
                let product = |(piece, x): (usize, usize)| {
                    left[piece * gap + x * step + row] * right[(piece * length + x) * COLUMNS + column]
                };
                assert_eq!(*got, 1.0 + pixels.map(product).sum::<f32>(), "{count} pieces of {length} at {at}");
            }
        }
    }
}
