use crate::epilogue::Epilogue;
use crate::parts::parts;
use simd::{F32x4, LANES};

/// The most output rows that a tile computes in any build. A fused multiply-add has a latency of four cycles and two
/// start per cycle: only with more than eight sums in progress do they never wait. Six rows by two vectors make twelve
/// sums; with one row of the panel and one input value they take all 15 registers that V8 offers.
pub const MOST_ROWS: usize = 6;
/// The most output rows that a tile computes in this build. An unfused product needs one more register.
pub const ROWS: usize = if simd::FUSED { MOST_ROWS } else { 4 };
/// Output columns that one tile computes; also the width of a packed panel.
pub const COLUMNS: usize = 2 * LANES;

/// The rows of `A`, as pointers, so that padding and strides cost nothing in the loop.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// `[tap][stride]`; up to [`ROWS`] entries after the rows must be readable pointers too.
    pub pointers: &'a [*const f32],
    pub stride: usize,
    /// Values to read from each pointer.
    pub depth: usize,
}

/// The output of a product.
#[derive(Clone, Copy)]
pub struct Target {
    /// Element `[0, 0]`.
    pub output: *mut f32,
    /// The index of the same element in the whole output, and so in the residual.
    pub offset: usize,
    /// Elements from one row to the next.
    pub row_stride: usize,
    pub rows: usize,
    pub columns: usize,
    /// First column, for the bias.
    pub column: usize,
}

/// Multiplies rows by the panels of `target.columns`, one after the other:
/// `target[r, c] = epilogue(sum over taps and depth of rows[t][r][d] * panels[c / 8][t][d][c % 8])`.
///
/// The order of the additions depends only on the taps and the depth, never on where a row lies or which thread runs it.
///
/// # Safety
/// Each row pointer must be readable for `depth` values, each panel for `taps * depth * COLUMNS`, the target and the
/// epilogue's buffers for what `target` says.
#[inline(never)]
pub unsafe fn multiply_panels(rows: &Rows, panels: *const f32, target: &Target, epilogue: &Epilogue) {
    let panel_len = rows.pointers.len() / rows.stride * rows.depth * COLUMNS;
    // Rows are spread evenly: 20 rows or more make tiles of ROWS and ROWS - 1, and no row is wasted.
    let tiles = target.rows.div_ceil(ROWS);
    for panel in 0..target.columns.div_ceil(COLUMNS) {
        let column = panel * COLUMNS;
        let weights = panels.add(panel * panel_len);
        for rows_of_tile in parts(target.rows, tiles) {
            let first = rows_of_tile.start;
            let offset = first * target.row_stride + column;
            let part = Target {
                output: target.output.add(offset),
                offset: target.offset + offset,
                row_stride: target.row_stride,
                rows: rows_of_tile.len(),
                columns: COLUMNS.min(target.columns - column),
                column: target.column + column,
            };
            if part.rows == ROWS {
                multiply_tile::<ROWS>(rows, first, weights, part, epilogue);
            } else {
                multiply_tile::<{ ROWS - 1 }>(rows, first, weights, part, epilogue);
            }
        }
    }
}

/// Computes `HEIGHT` rows from `first` on and writes `target.rows` of them.
#[inline(always)]
unsafe fn multiply_tile<const HEIGHT: usize>(
    rows: &Rows,
    first: usize,
    panel: *const f32,
    target: Target,
    epilogue: &Epilogue,
) {
    let mut sums = [[F32x4::zero(); 2]; HEIGHT];
    let mut panel = panel;
    for tap in rows.pointers.chunks_exact(rows.stride) {
        let mut at: [*const f32; HEIGHT] = std::array::from_fn(|row| *tap.get_unchecked(first + row));
        let mut left = rows.depth;
        // Two steps per turn to save loop instructions, with an exit between them. Without it LLVM computes both
        // products of one sum together, and there are not enough registers for all the values in use.
        while left > 0 {
            add_step(&mut sums, &at, panel);
            if left == 1 {
                panel = panel.add(COLUMNS);
                break;
            }
            add_step(&mut sums, &at.map(|row| row.add(1)), panel.add(COLUMNS));
            at = at.map(|row| row.add(2));
            panel = panel.add(2 * COLUMNS);
            left -= 2;
        }
    }
    if !epilogue.bias.is_null() {
        let left = F32x4::load(epilogue.bias.add(target.column));
        let right = F32x4::load(epilogue.bias.add(target.column + LANES));
        for sum in &mut sums {
            *sum = [sum[0] + left, sum[1] + right];
        }
    }
    if target.columns == COLUMNS {
        write_rows(sums, target, epilogue);
    } else {
        write_partial_rows(sums, target, epilogue);
    }
}

/// Adds the products of one value of each row and one row of the panel.
#[inline(always)]
unsafe fn add_step<const HEIGHT: usize>(
    sums: &mut [[F32x4; 2]; HEIGHT],
    rows: &[*const f32; HEIGHT],
    panel: *const f32,
) {
    let (left, right) = (F32x4::load(panel), F32x4::load(panel.add(LANES)));
    for (sum, row) in sums.iter_mut().zip(rows) {
        let value = F32x4::load_splat(*row);
        *sum = [sum[0].add_product(value, left), sum[1].add_product(value, right)];
    }
}

#[inline(always)]
unsafe fn write_rows<const HEIGHT: usize>(sums: [[F32x4; 2]; HEIGHT], target: Target, epilogue: &Epilogue) {
    for (row, sum) in sums.iter().enumerate().take(target.rows) {
        for (half, value) in sum.iter().enumerate() {
            let at = row * target.row_stride + half * LANES;
            let mut value = *value;
            if !epilogue.residual.is_null() {
                value = value + F32x4::load(epilogue.residual.add(target.offset + at));
            }
            epilogue.activation.apply(value).store(target.output.add(at));
        }
    }
}

#[cold]
unsafe fn write_partial_rows<const HEIGHT: usize>(sums: [[F32x4; 2]; HEIGHT], target: Target, epilogue: &Epilogue) {
    for (row, sum) in sums.iter().enumerate().take(target.rows) {
        for (half, value) in sum.iter().enumerate() {
            let lanes = target.columns.saturating_sub(half * LANES).min(LANES);
            let at = row * target.row_stride + half * LANES;
            let mut value = *value;
            if lanes > 0 && !epilogue.residual.is_null() {
                value = value + F32x4::load_partial(epilogue.residual.add(target.offset + at), lanes);
            }
            if lanes > 0 {
                epilogue.activation.apply(value).store_partial(target.output.add(at), lanes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{pack_panels, packed_len, Activation, PanelSource};

    fn values(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 7 + seed * 13) % 23) as f32 / 8.0 - 1.25).collect()
    }

    /// Products of small multiples of 1/8 are exact in f32, so results are compared for equality.
    fn check(m: usize, n: usize, k: usize, with_bias: bool, with_residual: bool, activation: Activation) {
        let (a, b) = (values(m * k, 1), values(k * n, 2));
        let source = PanelSource {
            groups: 1,
            columns: n,
            taps: [1, 1],
            depth: k,
            group_stride: 0,
            column_stride: 1,
            tap_strides: [0, 0],
            depth_stride: n,
        };
        let mut packed = vec![f32::NAN; packed_len(&source)];
        let panels = n.div_ceil(COLUMNS);
        unsafe { pack_panels(&source, b.as_ptr(), packed.as_mut_ptr(), 0, panels) };
        let bias: Vec<f32> = values(panels * COLUMNS, 3);
        let residual = values(m * n, 4);
        let mut c = vec![f32::NAN; m * n];
        let epilogue = Epilogue {
            bias: if with_bias { bias.as_ptr() } else { std::ptr::null() },
            residual: if with_residual { residual.as_ptr() } else { std::ptr::null() },
            activation,
        };
        // The rows after the last are read and not written.
        let pointers: Vec<*const f32> = (0..m + ROWS).map(|row| a[row.min(m.max(1) - 1) * k..].as_ptr()).collect();
        let rows = Rows { pointers: &pointers, stride: pointers.len(), depth: k };
        let target = Target { output: c.as_mut_ptr(), offset: 0, row_stride: n, rows: m, columns: n, column: 0 };
        unsafe { multiply_panels(&rows, packed.as_ptr(), &target, &epilogue) };
        for i in 0..m {
            for j in 0..n {
                let mut want: f32 = (0..k).map(|d| a[i * k + d] * b[d * n + j]).sum();
                want += if with_bias { bias[j] } else { 0.0 };
                want += if with_residual { residual[i * n + j] } else { 0.0 };
                want = if activation == Activation::Relu { want.max(0.0) } else { want };
                assert_eq!(c[i * n + j], want, "m={m} n={n} k={k} at [{i}, {j}]");
            }
        }
    }

    #[test]
    fn every_size_up_to_17_equals_the_naive_product() {
        let sizes: Vec<usize> = if cfg!(miri) { vec![1, 4, 5, 9] } else { (0..=17).collect() };
        for &m in &sizes {
            for &n in &sizes {
                for &k in &sizes {
                    check(m, n, k, false, false, Activation::None);
                }
            }
        }
    }

    #[test]
    fn epilogues_add_bias_and_residual_before_the_activation() {
        for (bias, residual) in [(true, false), (false, true), (true, true)] {
            for activation in [Activation::None, Activation::Relu] {
                for n in [1, 5, 8, 11] {
                    check(6, n, 10, bias, residual, activation);
                }
            }
        }
    }

    #[test]
    fn taps_are_summed_as_if_they_were_one_long_row() {
        let (a, b) = (values(6 * ROWS, 1), values(6 * COLUMNS, 2));
        let epilogue = Epilogue { bias: std::ptr::null(), residual: std::ptr::null(), activation: Activation::None };
        let mut whole = [0.0f32; ROWS * COLUMNS];
        let mut pieces = [0.0f32; ROWS * COLUMNS];
        for (output, taps, depth) in [(&mut whole, 1, 6), (&mut pieces, 3, 2)] {
            let pointers: Vec<*const f32> =
                (0..taps * ROWS).map(|i| a[i % ROWS * 6 + i / ROWS * depth..].as_ptr()).collect();
            let target = Target {
                output: output.as_mut_ptr(),
                offset: 0,
                row_stride: COLUMNS,
                rows: ROWS,
                columns: COLUMNS,
                column: 0,
            };
            let rows = Rows { pointers: &pointers, stride: ROWS, depth };
            unsafe { multiply_panels(&rows, b.as_ptr(), &target, &epilogue) };
        }
        assert_eq!(whole, pieces);
    }
}
