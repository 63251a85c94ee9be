use super::arguments::WeightGradient;
use super::packing::{pack_gradients, pack_inputs, Packing, Together};
use crate::share::Share;
use gemm::{part, sum_outer_products, Pixels, Sums, COLUMNS};
use std::ops::Range;

/// Panels of one unit of work.
pub const UNIT_PANELS: usize = 4;
/// Values after the packed pixels that a tile reads and does not use.
const OVERRUN: usize = 8;

/// Outputs along an axis that meet tap `k` inside the image.
fn inside(p: &WeightGradient, axis: usize, k: usize) -> Range<usize> {
    let (size, outputs) = [(p.shape.height, p.shape.output_height), (p.shape.width, p.shape.output_width)][axis];
    let before = p.shape.padding[axis] - (k * p.shape.dilation[axis]) as isize;
    let up_to = |at: isize| ((at.max(0) as usize).div_ceil(p.shape.stride[axis])).min(outputs);
    up_to(before)..up_to(size as isize + before)
}

/// Computes this thread's share.
///
/// # Safety
/// The buffers must be valid for the sizes that `p` names.
pub unsafe fn weight_gradient(p: &WeightGradient, share: Share) {
    let packing = Packing::of(p);
    let panels = p.shape.columns.div_ceil(COLUMNS);
    let chunks = panels.div_ceil(UNIT_PANELS);
    let taps = p.shape.taps();
    let panel_values = taps * p.shape.depth * COLUMNS;
    let pieces = p.shape.batch * p.shape.output_height * packing.splits;
    let mut inputs: Vec<f32> = Vec::with_capacity(packing.block * packing.piece + OVERRUN);
    let mut gradients: Vec<f32> = Vec::with_capacity(UNIT_PANELS * packing.block * packing.length * COLUMNS);
    let (inputs, gradients) = (inputs.as_mut_ptr(), gradients.as_mut_ptr());
    for unit in share.of(p.segments * p.shape.groups * chunks) {
        let (segment, group, chunk) = (unit / (p.shape.groups * chunks), unit / chunks % p.shape.groups, unit % chunks);
        let panels = chunk * UNIT_PANELS..panels.min((chunk + 1) * UNIT_PANELS);
        let first_panel = (segment * p.shape.groups + group) * p.shape.columns.div_ceil(COLUMNS) + panels.start;
        let partials = p.partials.add(first_panel * panel_values);
        let of_segment = part(pieces, segment, p.segments);
        if of_segment.is_empty() {
            std::slice::from_raw_parts_mut(partials, panels.len() * panel_values).fill(0.0);
        }
        let mut first = of_segment.start;
        while first < of_segment.end {
            let Together { start, row, .. } = packing.together(p, first);
            let end = of_segment.end.min(start + p.shape.output_height * row).min(first + packing.block);
            for piece in 0..end - first {
                let place = packing.place(p, first + piece);
                pack_inputs(p, &packing, &place, group, inputs.add(piece * packing.piece));
                for panel in panels.clone() {
                    let to = ((panel - panels.start) * packing.block + piece) * packing.length * COLUMNS;
                    pack_gradients(p, &packing, &place, group, panel, gradients.add(to));
                }
            }
            let block = Block { pieces: first - start..end - start, row, inputs, add: first > of_segment.start };
            for panel in 0..panels.len() {
                let right = gradients.add(panel * packing.block * packing.length * COLUMNS);
                multiply_block(p, &packing, &block, right, partials.add(panel * panel_values));
            }
            first = end;
        }
    }
}

/// Pieces that are multiplied in one go.
struct Block {
    /// Counted from the first of the images that are taken together.
    pieces: Range<usize>,
    /// Pieces that have the same output row.
    row: usize,
    inputs: *const f32,
    /// Whether there were earlier blocks.
    add: bool,
}

/// The sums of all taps and channels over a block, for one panel.
#[inline(never)]
unsafe fn multiply_block(p: &WeightGradient, packing: &Packing, block: &Block, right: *const f32, target: *mut f32) {
    for tap in (0..p.shape.taps()).step_by(packing.joined) {
        let (ky, kx) = (tap / p.shape.kernel[1], tap % p.shape.kernel[1]);
        // Pixels in the padding are left out if they are the same for all pieces and joined taps.
        let ys = inside(p, 0, ky);
        let xs = if packing.splits * packing.joined == 1 { inside(p, 1, kx) } else { 0..packing.length };
        let clamp = |row: usize| (row * block.row).clamp(block.pieces.start, block.pieces.end) - block.pieces.start;
        let pieces = clamp(ys.start)..clamp(ys.end);
        let pixel = ky * packing.span + kx * p.shape.dilation[1] + xs.start * p.shape.stride[1];
        let left = block.inputs.add(pieces.start * packing.piece + pixel * packing.pixel);
        let right = right.add((pieces.start * packing.length + xs.start) * COLUMNS);
        let pixels = Pixels {
            pieces: pieces.len(),
            length: xs.len(),
            step: p.shape.stride[1] * packing.pixel,
            gap: packing.piece,
            output_gap: packing.length * COLUMNS,
        };
        let target = target.add(tap * p.shape.depth * COLUMNS);
        sum_outer_products(left, right, pixels, Sums { target, rows: packing.joined * p.shape.depth, add: block.add });
    }
}
