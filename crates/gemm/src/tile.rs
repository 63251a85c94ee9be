use crate::epilogue::Epilogue;
use simd::{F32x4, LANES};

/// Rows of the output that one tile computes.
pub const ROWS: usize = 4;
/// Columns of the output that one tile computes, and the width of a packed panel.
pub const COLUMNS: usize = 2 * LANES;

/// The output of one tile.
#[derive(Clone, Copy)]
pub struct Target {
    /// Element `[0, 0]` of the tile.
    pub output: *mut f32,
    /// The same element's index in the whole output, and so in the residual.
    pub offset: usize,
    /// Elements from one row to the next.
    pub row_stride: usize,
    /// Rows and columns to write; the tile computes all of them.
    pub rows: usize,
    pub columns: usize,
    /// First column, for the bias.
    pub column: usize,
}

/// Computes one tile: `target[r, c] = epilogue(sum over taps and depth of taps[t][r][d] * panel[t][d][c])`.
///
/// The order of the additions depends only on `taps.len()` and `depth`, never on where the tile
/// lies or which thread runs it.
///
/// # Safety
/// Each row pointer must be readable for `depth` values, `panel` for `taps.len() * depth * COLUMNS`, the
/// target and the epilogue's buffers for what `target` says.
#[inline(always)]
pub unsafe fn multiply_tile(
    taps: &[[*const f32; ROWS]],
    depth: usize,
    panel: *const f32,
    target: Target,
    epilogue: &Epilogue,
) {
    let mut sums = [[F32x4::zero(); 2]; ROWS];
    let mut panel = panel;
    for rows in taps {
        let [mut r0, mut r1, mut r2, mut r3] = *rows;
        macro_rules! step {
            ($d:expr) => {{
                let b0 = F32x4::load(panel.add($d * COLUMNS));
                let b1 = F32x4::load(panel.add($d * COLUMNS + LANES));
                let a = F32x4::load_splat(r0.add($d));
                sums[0][0] = sums[0][0].add_product(a, b0);
                sums[0][1] = sums[0][1].add_product(a, b1);
                let a = F32x4::load_splat(r1.add($d));
                sums[1][0] = sums[1][0].add_product(a, b0);
                sums[1][1] = sums[1][1].add_product(a, b1);
                let a = F32x4::load_splat(r2.add($d));
                sums[2][0] = sums[2][0].add_product(a, b0);
                sums[2][1] = sums[2][1].add_product(a, b1);
                let a = F32x4::load_splat(r3.add($d));
                sums[3][0] = sums[3][0].add_product(a, b0);
                sums[3][1] = sums[3][1].add_product(a, b1);
            }};
        }
        // Four steps a turn: the loop's own instructions cost as much as half a step.
        for _ in 0..depth / 4 {
            step!(0);
            step!(1);
            step!(2);
            step!(3);
            r0 = r0.add(4);
            r1 = r1.add(4);
            r2 = r2.add(4);
            r3 = r3.add(4);
            panel = panel.add(4 * COLUMNS);
        }
        for _ in 0..depth % 4 {
            step!(0);
            r0 = r0.add(1);
            r1 = r1.add(1);
            r2 = r2.add(1);
            r3 = r3.add(1);
            panel = panel.add(COLUMNS);
        }
    }
    if !epilogue.bias.is_null() {
        let b0 = F32x4::load(epilogue.bias.add(target.column));
        let b1 = F32x4::load(epilogue.bias.add(target.column + LANES));
        for row in &mut sums {
            row[0] = row[0] + b0;
            row[1] = row[1] + b1;
        }
    }
    if target.columns == COLUMNS {
        write_rows(sums, target, epilogue);
    } else {
        write_partial_rows(sums, target, epilogue);
    }
}

#[inline(always)]
unsafe fn write_rows(sums: [[F32x4; 2]; ROWS], target: Target, epilogue: &Epilogue) {
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
unsafe fn write_partial_rows(sums: [[F32x4; 2]; ROWS], target: Target, epilogue: &Epilogue) {
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
        for row in (0..m).step_by(ROWS) {
            for panel in 0..panels {
                let rows = ROWS.min(m - row);
                let taps = [std::array::from_fn(|r| a[(row + r.min(rows - 1)) * k..].as_ptr())];
                let offset = row * n + panel * COLUMNS;
                let target = Target {
                    output: unsafe { c.as_mut_ptr().add(offset) },
                    offset,
                    row_stride: n,
                    rows,
                    columns: COLUMNS.min(n - panel * COLUMNS),
                    column: panel * COLUMNS,
                };
                unsafe { multiply_tile(&taps, k, packed.as_ptr().add(panel * k * COLUMNS), target, &epilogue) };
            }
        }
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
        let (a, b) = (values(24, 1), values(6 * COLUMNS, 2));
        let epilogue = Epilogue { bias: std::ptr::null(), residual: std::ptr::null(), activation: Activation::None };
        let mut whole = [0.0f32; ROWS * COLUMNS];
        let mut pieces = [0.0f32; ROWS * COLUMNS];
        for (output, taps, depth) in [(&mut whole, 1, 6), (&mut pieces, 3, 2)] {
            let taps: Vec<[*const f32; ROWS]> =
                (0..taps).map(|t| std::array::from_fn(|r| a[r * 6 + t * depth..].as_ptr())).collect();
            let target = Target {
                output: output.as_mut_ptr(),
                offset: 0,
                row_stride: COLUMNS,
                rows: ROWS,
                columns: COLUMNS,
                column: 0,
            };
            unsafe { multiply_tile(&taps, depth, b.as_ptr(), target, &epilogue) };
        }
        assert_eq!(whole, pieces);
    }
}
