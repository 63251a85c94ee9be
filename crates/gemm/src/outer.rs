use crate::parts::parts;
use crate::tile::COLUMNS;
use simd::{F32x4, LANES};

/// Rows of a tile. With more than eight sums in progress, a fused multiply-add never waits for the previous one;
/// twelve sums and their operands fill all the registers. An unfused product needs one more register.
const HEIGHT: usize = if simd::FUSED { 6 } else { 4 };

/// Pixels whose outer products are added up, in pieces of one row each.
#[derive(Clone, Copy)]
pub struct Pixels {
    pub pieces: usize,
    /// Pixels in a piece.
    pub length: usize,
    /// Values from the inputs of one pixel to those of the next, and from one piece to the next.
    pub step: usize,
    pub gap: usize,
    /// Values from the outputs of one piece to those of the next; within a piece they are contiguous.
    pub output_gap: usize,
}

/// Where sums of outer products go.
#[derive(Clone, Copy)]
pub struct Sums {
    /// `[rows][COLUMNS]`.
    pub target: *mut f32,
    pub rows: usize,
    /// Whether the sums are added to the values already there.
    pub add: bool,
}

/// `target[r][c] = sum over pixels of left[r] * right[c]`: a pixel adds the product of every input and each of
/// [`COLUMNS`] outputs to the gradient of the weights. The order of the additions depends on the pixels only.
///
/// # Safety
/// `left` must be readable wherever `pixels` leads and for 8 values beyond, `right` for all pixels, and the target
/// writable for `rows * COLUMNS`.
#[inline(always)]
pub unsafe fn sum_outer_products(left: *const f32, right: *const f32, pixels: Pixels, sums: Sums) {
    // Rows are spread evenly: most numbers of rows make tiles of HEIGHT and HEIGHT - 1, and no row is wasted.
    let tiles = sums.rows.div_ceil(HEIGHT);
    for rows in parts(sums.rows, tiles) {
        let left = left.wrapping_add(rows.start);
        let part = Sums { target: sums.target.wrapping_add(rows.start * COLUMNS), rows: rows.len(), ..sums };
        if part.rows == HEIGHT {
            sum_tile::<HEIGHT>(left, right, pixels, part);
        } else {
            sum_tile::<{ HEIGHT - 1 }>(left, right, pixels, part);
        }
    }
}

/// Computes `HEIGHT` rows and writes `to.rows` of them.
#[inline(always)]
unsafe fn sum_tile<const HEIGHT: usize>(left: *const f32, right: *const f32, pixels: Pixels, to: Sums) {
    let mut sums = [[F32x4::zero(); 2]; HEIGHT];
    for piece in 0..pixels.pieces {
        let mut left = left.wrapping_add(piece * pixels.gap);
        let mut right = right.wrapping_add(piece * pixels.output_gap);
        let mut rest = pixels.length;
        // Two pixels per turn, with an exit between them. Without it LLVM computes both products of one sum together,
        // and there are not enough registers for all the values in use.
        while rest > 0 {
            add_pixel(&mut sums, left, right);
            if rest == 1 {
                break;
            }
            add_pixel(&mut sums, left.add(pixels.step), right.add(COLUMNS));
            left = left.wrapping_add(2 * pixels.step);
            right = right.wrapping_add(2 * COLUMNS);
            rest -= 2;
        }
    }
    for (row, halves) in sums.iter().enumerate().take(to.rows) {
        for (half, sum) in halves.iter().enumerate() {
            let target = to.target.add(row * COLUMNS + half * LANES);
            let before = if to.add { F32x4::load(target) } else { F32x4::zero() };
            (before + *sum).store(target);
        }
    }
}

#[inline(always)]
unsafe fn add_pixel<const HEIGHT: usize>(sums: &mut [[F32x4; 2]; HEIGHT], left: *const f32, right: *const f32) {
    let (near, far) = (F32x4::load(right), F32x4::load(right.add(LANES)));
    for (row, sum) in sums.iter_mut().enumerate() {
        let value = F32x4::load_splat(left.add(row));
        *sum = [sum[0].add_product(value, near), sum[1].add_product(value, far)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_every_pixel_of_every_piece() {
        for rows in [1, 3, 4, 5, 6, 7, 13, 16, 20] {
            for (pieces, length) in [(0, 3), (1, 1), (2, 4), (3, 7), (1, 9)] {
                let step = rows + 2;
                let gap = length * step + 4;
                let output_gap = (length + 1) * COLUMNS;
                let pixels = Pixels { pieces, length, step, gap, output_gap };
                let left: Vec<f32> = (0..pieces * gap + 8).map(|i| (i % 13) as f32 - 5.0).collect();
                let right: Vec<f32> = (0..pieces * output_gap).map(|i| (i % 17) as f32 - 6.0).collect();
                let mut tile = vec![f32::NAN; rows * COLUMNS];
                for add in [false, true] {
                    let sums = Sums { target: tile.as_mut_ptr(), rows, add };
                    unsafe { sum_outer_products(left.as_ptr(), right.as_ptr(), pixels, sums) };
                }
                for (at, got) in tile.iter().enumerate() {
                    let (row, column) = (at / COLUMNS, at % COLUMNS);
                    let all = (0..pieces).flat_map(|piece| (0..length).map(move |x| (piece, x)));
                    let product = |(piece, x): (usize, usize)| {
                        left[piece * gap + x * step + row] * right[piece * output_gap + x * COLUMNS + column]
                    };
                    let want = 2.0 * all.map(product).sum::<f32>();
                    assert_eq!(*got, want, "{rows} rows, {pieces} pieces of {length} at {at}");
                }
            }
        }
    }
}
