use super::filtering::{piece_stride, Filtering, WeightForm, GAP};
use super::lines::{Lines, F2, F4};
use super::weights::{transform_panel, weights_stride};
use crate::share::{panel_units, Share};
use gemm::{fetch, multiply_panels, part, Epilogue, Rows, Target, COLUMNS, ROWS};
use operands::operands;
use simd::{F32x4, LANES};
use std::ops::Range;

/// The most pieces and panels of a unit of work. Its products, at most 36 x 24 x 32 values, fit the second-level cache.
pub const UNIT_PIECES: usize = 24;
pub const UNIT_PANELS: usize = 4;
/// Values from the products of one point to those of the next.
pub const PRODUCTS_STRIDE: usize = UNIT_PIECES * UNIT_PANELS * COLUMNS + GAP;

operands! {
    /// Multiplies transformed pieces and weights, transforms the products back and applies bias, residual and activation.
    pub struct WinogradOutput {
        pub filtering: Filtering,
        pub form: WeightForm,
        /// Written by `winograd_input`.
        pub transformed: *const f32,
        /// Written by `winograd_weights` or by `pack_panels`, according to their form.
        pub weights: *const f32,
        pub epilogue: Epilogue,
        /// `[batch, height, width, columns]`.
        pub output: *mut f32,
        /// Height of the output; the width is the output's too.
        pub height: usize,
        pub width: usize,
        pub channels: usize,
        pub columns: usize,
        pub pieces: [usize; 2],
        pub first: usize,
        pub count: usize,
        /// `scratch_floats` values for each thread.
        pub scratch: *mut f32,
        pub scratch_floats: usize,
    }
}

/// Values that each thread needs as scratch: the products of a unit of work, and its weights if they are
/// transformed at each run.
pub fn winograd_scratch(filtering: Filtering, form: WeightForm, channels: usize) -> usize {
    let own_weights = match form {
        WeightForm::Transformed => 0,
        WeightForm::Panels => weights_stride(UNIT_PANELS, channels),
    };
    filtering.points() * (PRODUCTS_STRIDE + own_weights)
}

/// Computes this thread's share.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
pub unsafe fn winograd_output(p: &WinogradOutput, share: Share) {
    match p.filtering {
        Filtering::F2 => multiply_pieces::<F2, 4, 2>(p, share),
        Filtering::F4 => multiply_pieces::<F4, 6, 4>(p, share),
    }
}

#[inline(never)]
unsafe fn multiply_pieces<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    p: &WinogradOutput,
    share: Share,
) {
    assert!(p.scratch_floats >= winograd_scratch(p.filtering, p.form, p.channels));
    let points = INPUT * INPUT;
    let products = p.scratch.add(share.thread * p.scratch_floats);
    let own_weights = products.add(points * PRODUCTS_STRIDE);
    let blocks = p.count.div_ceil(UNIT_PIECES);
    let all_panels = p.columns.div_ceil(COLUMNS);
    let chunks = panel_units(all_panels, blocks, UNIT_PANELS);
    let mut current = None;
    for unit in share.of(blocks * chunks) {
        // Blocks within a chunk, so that a chunk's weights are used for all pieces before the next ones are read.
        let (chunk, block) = (unit / blocks, unit % blocks);
        let pieces = part(p.count, block, blocks);
        let count = pieces.len();
        let panels = part(all_panels, chunk, chunks);
        let is_new = current != Some(chunk);
        current = Some(chunk);
        let (weights, stride) = match p.form {
            WeightForm::Transformed => {
                (p.weights.add(panels.start * p.channels * COLUMNS), weights_stride(all_panels, p.channels))
            }
            WeightForm::Panels => (own_weights.cast_const(), weights_stride(UNIT_PANELS, p.channels)),
        };
        if is_new && p.form == WeightForm::Panels {
            for (at, panel) in panels.clone().enumerate() {
                let target = own_weights.add(at * p.channels * COLUMNS);
                transform_panel::<F, INPUT, OUTPUT>(p.weights, panel, p.channels, target, stride);
            }
        }
        for point in 0..points {
            let weights = weights.add(point * stride);
            // A single tile reads a panel only once, and is as fast without this.
            if is_new && p.form == WeightForm::Transformed && count > ROWS {
                fetch(weights, panels.len() * p.channels * COLUMNS);
            }
            let transformed = p.transformed.add(pieces.start * piece_stride(points, p.channels) + point * p.channels);
            // The entries after the last piece, which are computed and not written, repeat it.
            let pointers: [*const f32; UNIT_PIECES + ROWS] =
                std::array::from_fn(|piece| transformed.add(piece.min(count - 1) * piece_stride(points, p.channels)));
            let rows = Rows { pointers: &pointers, stride: pointers.len(), depth: p.channels };
            let target = Target {
                output: products.add(point * PRODUCTS_STRIDE),
                offset: 0,
                row_stride: UNIT_PANELS * COLUMNS,
                rows: count,
                columns: panels.len() * COLUMNS,
                column: 0,
            };
            multiply_panels(&rows, weights, &target, &Epilogue::PLAIN);
        }
        let columns = panels.start * COLUMNS..p.columns.min(panels.end * COLUMNS);
        for piece in 0..count {
            let products = products.add(piece * UNIT_PANELS * COLUMNS);
            write_piece::<F, INPUT, OUTPUT>(p, products, p.first + pieces.start + piece, columns.clone());
        }
    }
}

/// `A' m A` of one piece, with the epilogue, for the part inside the output.
#[inline(never)]
unsafe fn write_piece<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    p: &WinogradOutput,
    products: *const f32,
    piece: usize,
    columns: Range<usize>,
) {
    let (row, px) = (piece / p.pieces[1], piece % p.pieces[1]);
    let (image, py) = (row / p.pieces[0], row % p.pieces[0]);
    let (top, left) = (py * OUTPUT, px * OUTPUT);
    let output = ((image * p.height + top) * p.width + left) * p.columns;
    let inside = [p.height - top, p.width - left];
    let Epilogue { bias, residual, activation } = p.epilogue;
    for column in columns.clone().step_by(LANES) {
        let products = products.add(column - columns.start);
        let lanes = LANES.min(p.columns - column);
        let bias = if bias.is_null() { F32x4::zero() } else { F32x4::load(bias.add(column)) };
        if lanes == LANES {
            transform_products::<F, INPUT, OUTPUT>(products, inside, |y, x, value| {
                let at = output + (y * p.width + x) * p.columns + column;
                let mut value = value + bias;
                if !residual.is_null() {
                    value = value + F32x4::load(residual.add(at));
                }
                activation.apply(value).store(p.output.add(at));
            });
        } else {
            transform_products::<F, INPUT, OUTPUT>(products, inside, |y, x, value| {
                let at = output + (y * p.width + x) * p.columns + column;
                let mut value = value + bias;
                if !residual.is_null() {
                    value = value + F32x4::load_partial(residual.add(at), lanes);
                }
                activation.apply(value).store_partial(p.output.add(at), lanes);
            });
        }
    }
}

/// `A' m A` of one piece and four columns, for the part inside a height and width.
#[inline(always)]
unsafe fn transform_products<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    products: *const f32,
    [height, width]: [usize; 2],
    write: impl Fn(usize, usize, F32x4),
) {
    let lines: [[F32x4; OUTPUT]; INPUT] = std::array::from_fn(|x| {
        F::output(std::array::from_fn(|y| F32x4::load(products.add((y * INPUT + x) * PRODUCTS_STRIDE))))
    });
    for y in 0..OUTPUT {
        if y >= height {
            break;
        }
        let values = F::output(std::array::from_fn(|x| lines[x][y]));
        for (x, value) in values.iter().enumerate() {
            if x < width {
                write(y, x, *value);
            }
        }
    }
}
