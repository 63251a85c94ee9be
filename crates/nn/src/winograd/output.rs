use super::lines::{Lines, F2, F4};
use super::{piece_stride, Filtering, PIECE_GAP};
use crate::share::Share;
use gemm::{fetch, multiply_panel, Activation, Epilogue, Rows, Target, COLUMNS, ROWS};
use simd::{F32x4, LANES};
use std::ops::Range;

/// Pieces and panels of one unit of work: its products, at most 36 x 16 x 32 values, stay in the second-level cache.
const UNIT_PIECES: usize = 24;
const UNIT_PANELS: usize = 4;
/// The products of transformed pieces and weights, to be transformed back into `[batch, height, width, columns]`.
#[derive(Clone, Copy)]
pub struct WinogradOutput {
    pub filtering: Filtering,
    pub transformed: *const f32,
    pub weights: *const f32,
    pub epilogue: Epilogue,
    pub output: *mut f32,
    /// Of the output.
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    pub columns: usize,
    pub pieces: [usize; 2],
    pub first: usize,
    pub count: usize,
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

unsafe fn multiply_pieces<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    p: &WinogradOutput,
    share: Share,
) {
    let points = INPUT * INPUT;
    let blocks = p.count.div_ceil(UNIT_PIECES);
    let all_panels = p.columns.div_ceil(COLUMNS);
    let chunks = all_panels.div_ceil(UNIT_PANELS);
    let plane = UNIT_PIECES * UNIT_PANELS * COLUMNS + PIECE_GAP;
    let mut products: Vec<f32> = Vec::with_capacity(points * plane);
    let products = products.as_mut_ptr();
    let mut fetched = None;
    for unit in share.of(blocks * chunks) {
        // Blocks within a chunk, so that a chunk's weights are used for all pieces before the next ones are read.
        let (chunk, block) = (unit / blocks, unit % blocks);
        let (first, end) = (p.count * block / blocks, p.count * (block + 1) / blocks);
        let count = end - first;
        let panels = chunk * UNIT_PANELS..all_panels.min((chunk + 1) * UNIT_PANELS);
        for point in 0..points {
            // A single tile reads a panel once, and as fast by itself.
            if fetched != Some(chunk) && count > ROWS {
                let weights = p.weights.add((point * all_panels + panels.start) * p.channels * COLUMNS);
                fetch(weights, panels.len() * p.channels * COLUMNS);
            }
            multiply_plane(p, [point, points], first, count, panels.clone(), products.add(point * plane));
        }
        fetched = Some(chunk);
        for piece in 0..count {
            let from = panels.start * COLUMNS;
            let to = p.columns.min(panels.end * COLUMNS);
            for column in (from..to).step_by(LANES) {
                let source = products.add(piece * UNIT_PANELS * COLUMNS + column - from);
                write_piece::<F, INPUT, OUTPUT>(p, source, plane, p.first + first + piece, column);
            }
        }
    }
}

/// The product of one point for a block of pieces and some panels: `products[piece][UNIT_PANELS * 8]`.
#[inline(always)]
unsafe fn multiply_plane(
    p: &WinogradOutput,
    [point, points]: [usize; 2],
    first: usize,
    count: usize,
    panels: Range<usize>,
    products: *mut f32,
) {
    const PLAIN: Epilogue =
        Epilogue { bias: std::ptr::null(), residual: std::ptr::null(), activation: Activation::None };
    let stride = piece_stride(points, p.channels);
    let inputs = p.transformed.add(first * stride + point * p.channels);
    // What follows the last piece, and is computed and not written, repeats it.
    let pointers: [*const f32; UNIT_PIECES + ROWS] =
        std::array::from_fn(|piece| inputs.add(piece.min(count - 1) * stride));
    let rows = Rows { pointers: &pointers, stride: pointers.len(), depth: p.channels };
    let all_panels = p.columns.div_ceil(COLUMNS);
    for panel in panels.clone() {
        let weights = p.weights.add((point * all_panels + panel) * p.channels * COLUMNS);
        let target = Target {
            output: products.add((panel - panels.start) * COLUMNS),
            offset: 0,
            row_stride: UNIT_PANELS * COLUMNS,
            rows: count,
            columns: COLUMNS,
            column: 0,
        };
        multiply_panel(rows, weights, target, &PLAIN);
    }
}

/// `A' m A` of one piece and four columns, with the epilogue, where it lies inside the output.
#[inline(always)]
unsafe fn write_piece<F: Lines<INPUT, OUTPUT>, const INPUT: usize, const OUTPUT: usize>(
    p: &WinogradOutput,
    products: *const f32,
    plane: usize,
    piece: usize,
    column: usize,
) {
    let columns: [[F32x4; OUTPUT]; INPUT] =
        std::array::from_fn(|x| F::output(std::array::from_fn(|y| F32x4::load(products.add((y * INPUT + x) * plane)))));
    let (row, px) = (piece / p.pieces[1], piece % p.pieces[1]);
    let (image, py) = (row / p.pieces[0], row % p.pieces[0]);
    let (top, left) = (py * OUTPUT, px * OUTPUT);
    let lanes = LANES.min(p.columns - column);
    let bias = if p.epilogue.bias.is_null() { F32x4::zero() } else { F32x4::load(p.epilogue.bias.add(column)) };
    for y in 0..OUTPUT.min(p.height - top) {
        let values = F::output(std::array::from_fn(|x| columns[x][y]));
        for (x, value) in values.iter().enumerate().take(p.width - left) {
            let at = ((image * p.height + top + y) * p.width + left + x) * p.columns + column;
            let mut value = *value + bias;
            if lanes == LANES {
                if !p.epilogue.residual.is_null() {
                    value = value + F32x4::load(p.epilogue.residual.add(at));
                }
                p.epilogue.activation.apply(value).store(p.output.add(at));
            } else {
                if !p.epilogue.residual.is_null() {
                    value = value + F32x4::load_partial(p.epilogue.residual.add(at), lanes);
                }
                p.epilogue.activation.apply(value).store_partial(p.output.add(at), lanes);
            }
        }
    }
}
