use super::arguments::WeightGradient;
use crate::lanes::{load, store};
use gemm::COLUMNS;
use simd::LANES;
use std::ops::Range;

/// Output pixels that go through all taps and channels before the next ones: the values that a tile reads then stay in
/// the first-level cache.
const BLOCK_PIXELS: usize = 128;
/// Rows of the output longer than this are cut into pieces.
const LONGEST_PIECE: usize = 64;
/// With fewer channels than this, the taps of a kernel row are joined into one tap with the channels of all: they fill
/// tiles better.
const FEW_CHANNELS: usize = 32;
/// Gap between packed pixels of more channels: without it they lie powers of two apart and compete for cache lines.
const PIXEL_GAP: usize = 4;

/// How output rows are cut into pieces, the order of the pieces, and how the input of their taps is packed.
pub(super) struct Packing {
    /// Pieces of each output row, and their length.
    pub splits: usize,
    pub length: usize,
    /// Images that are taken together, row by row across all of them: rows whose taps lie in the padding are then
    /// adjacent, and are left out.
    pub images: usize,
    /// Pixels of an input row that a piece's taps read.
    pub span: usize,
    /// Taps of a kernel row that are joined into one.
    pub joined: usize,
    /// Values from one packed pixel to the next, and from one packed piece to the next.
    pub pixel: usize,
    pub piece: usize,
    /// The most pieces that are multiplied in one go.
    pub block: usize,
}

/// The position of a piece: its image, output row, and number in the row.
pub(super) struct Place {
    pub image: usize,
    pub y: usize,
    pub split: usize,
}

impl Packing {
    pub fn of(p: &WeightGradient) -> Packing {
        let splits = p.shape.output_width.div_ceil(LONGEST_PIECE).max(1);
        let length = p.shape.output_width.div_ceil(splits).max(1);
        let images = (BLOCK_PIXELS / (length * splits)).clamp(1, p.shape.batch.max(1));
        let span = (length - 1) * p.shape.stride[1] + (p.shape.kernel[1] - 1) * p.shape.dilation[1] + 1;
        let join = p.shape.depth < FEW_CHANNELS && p.shape.dilation[1] == 1;
        let joined = if join { p.shape.kernel[1] } else { 1 };
        let pixel = if join { p.shape.depth } else { p.shape.depth.next_multiple_of(LANES) + PIXEL_GAP };
        // No more than there are: with many channels even one piece is large.
        let block = (BLOCK_PIXELS / length).clamp(1, (p.shape.batch * p.shape.output_height * splits).max(1));
        Packing { splits, length, images, span, joined, pixel, piece: p.shape.kernel[0] * span * pixel, block }
    }

    pub fn place(&self, p: &WeightGradient, piece: usize) -> Place {
        let (together, rest) = (self.together(p, piece), piece % (p.shape.output_height * self.images * self.splits));
        let (y, rest) = (rest / together.row, rest % together.row);
        Place { image: together.first + rest / self.splits, y, split: rest % self.splits }
    }

    /// The images that are taken together with a piece.
    pub fn together(&self, p: &WeightGradient, piece: usize) -> Together {
        let pieces = p.shape.output_height * self.images * self.splits;
        let first = piece / pieces * self.images;
        let row = self.images.min(p.shape.batch - first) * self.splits;
        Together { first, start: piece / pieces * pieces, row }
    }
}

/// Images that are taken together.
pub(super) struct Together {
    pub first: usize,
    /// Their first piece, and how many pieces have the same output row.
    pub start: usize,
    pub row: usize,
}

/// Packs the input of a piece's taps: `[kernel row][pixel][channel]`, zeros in the padding.
#[inline(never)]
pub(super) unsafe fn pack_inputs(p: &WeightGradient, packing: &Packing, place: &Place, group: usize, target: *mut f32) {
    let Place { image, y, split } = *place;
    let channels = p.shape.groups * p.shape.depth;
    let left = (split * packing.length * p.shape.stride[1]) as isize - p.shape.padding[1];
    // The pixels that lie inside the image.
    let clamp = |at: isize| at.clamp(0, packing.span as isize) as usize;
    let inside = clamp(-left)..clamp(p.shape.width as isize - left);
    for ky in 0..p.shape.kernel[0] {
        let input_y = (y * p.shape.stride[0] + ky * p.shape.dilation[0]) as isize - p.shape.padding[0];
        let inside = if (0..p.shape.height as isize).contains(&input_y) { inside.clone() } else { 0..0 };
        let first = ((image * p.shape.height) as isize + input_y) * p.shape.width as isize + left;
        let source = p.input.wrapping_offset(first * channels as isize).wrapping_add(group * p.shape.depth);
        let target = target.add(ky * packing.span * packing.pixel);
        let zero = |pixels: Range<usize>| {
            let count = pixels.len() * packing.pixel;
            std::slice::from_raw_parts_mut(target.add(pixels.start * packing.pixel), count).fill(0.0);
        };
        zero(0..inside.start);
        zero(inside.end..packing.span);
        if packing.pixel == channels {
            let first = inside.start * channels;
            std::ptr::copy_nonoverlapping(source.wrapping_add(first), target.add(first), inside.len() * channels);
            continue;
        }
        for x in inside {
            copy_pixel(source.wrapping_add(x * channels), target.add(x * packing.pixel), p.shape.depth);
        }
    }
}

#[inline(always)]
unsafe fn copy_pixel(source: *const f32, target: *mut f32, depth: usize) {
    for channel in (0..depth).step_by(LANES) {
        let lanes = LANES.min(depth - channel);
        store(load(source.add(channel), lanes), target.add(channel), lanes);
    }
}

/// Packs a panel of the gradient of a piece's outputs: `[pixel][8]`, zeros if the piece or panel is not full.
#[inline(never)]
pub(super) unsafe fn pack_gradients(
    p: &WeightGradient,
    packing: &Packing,
    place: &Place,
    group: usize,
    panel: usize,
    target: *mut f32,
) {
    let row = place.image * p.shape.output_height + place.y;
    let first = place.split * packing.length;
    let valid = packing.length.min(p.shape.output_width.saturating_sub(first));
    let outputs = p.shape.groups * p.shape.columns;
    let source =
        p.gradient.add((row * p.shape.output_width + first) * outputs + group * p.shape.columns + panel * COLUMNS);
    let columns = COLUMNS.min(p.shape.columns - panel * COLUMNS);
    for x in 0..valid {
        let (from, to) = (source.add(x * outputs), target.add(x * COLUMNS));
        for half in 0..COLUMNS / LANES {
            let lanes = columns.saturating_sub(half * LANES).min(LANES);
            load(from.add(half * LANES), lanes).store(to.add(half * LANES));
        }
    }
    std::slice::from_raw_parts_mut(target.add(valid * COLUMNS), (packing.length - valid) * COLUMNS).fill(0.0);
}
