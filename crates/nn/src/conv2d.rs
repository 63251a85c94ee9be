use crate::share::{panel_units, Share};
use gemm::{fetch, multiply_panels, part, Epilogue, Rows, Target, COLUMNS, MOST_ROWS, ROWS};
use operands::operands;
use std::ops::Range;

operands! {
    /// A convolution with bias, residual and activation. With one tap and one "pixel" per row it is a matrix product.
    ///
    /// With a kernel one wide, a padded input and a depth of kernel width x channels, one tap covers a whole kernel
    /// row: convolutions of few channels run this way.
    pub struct Conv2d {
        /// `[batch, height, width, pixel_stride]`; group `g` reads `depth` channels from `g * depth` on.
        pub input: *const f32,
        /// Packed by `pack_panels`.
        pub weights: *const f32,
        /// `[batch, output_height, output_width, groups * columns]`.
        pub output: *mut f32,
        /// At least `pixel_stride` zeros, read for taps in the padding.
        pub zeros: *const f32,
        pub epilogue: Epilogue,
        pub batch: usize,
        pub height: usize,
        pub width: usize,
        pub pixel_stride: usize,
        pub output_height: usize,
        pub output_width: usize,
        pub groups: usize,
        pub columns: usize,
        pub depth: usize,
        pub kernel: [usize; 2],
        pub stride: [usize; 2],
        pub dilation: [usize; 2],
        /// Padding rows above and columns to the left, cropped if negative; the padding below and to the right follows
        /// from the sizes.
        pub padding: [isize; 2],
        /// Row pointers: `scratch_floats` values of 4 bytes for each thread.
        pub scratch: *mut *const f32,
        pub scratch_floats: usize,
    }
}

/// Values of 4 bytes that each thread needs as scratch: the row pointers of a block of pixels.
pub fn conv2d_scratch(taps: usize) -> usize {
    ROW_POINTERS * taps * size_of::<*const f32>() / size_of::<f32>()
}

/// Pixels that go through all of a panel before the next panel is read: enough that a panel, read from
/// the second-level cache, is used often, and few enough that the pixels' own rows stay in the cache.
const BLOCK_PIXELS: usize = 96;
/// Row pointers of a block for each tap, including those of rows that a tile computes and does not write.
const TABLE: usize = BLOCK_PIXELS + ROWS;
/// The same in the build with the tallest tile.
pub const ROW_POINTERS: usize = BLOCK_PIXELS + MOST_ROWS;
/// The most panels that one unit of work covers.
const UNIT_PANELS: usize = 4;

/// Computes this thread's share of a convolution.
///
/// # Safety
/// All pointers of `p` must be valid for the sizes it names.
#[inline(never)]
pub unsafe fn conv2d(p: &Conv2d, share: Share) {
    let pixels = p.batch * p.output_height * p.output_width;
    let panels = p.columns.div_ceil(COLUMNS);
    let blocks = pixels.div_ceil(BLOCK_PIXELS);
    let chunks = panel_units(panels, blocks * p.groups, UNIT_PANELS);
    let taps = p.kernel[0] * p.kernel[1];
    assert!(p.scratch_floats >= conv2d_scratch(taps));
    let own = p.scratch.byte_add(share.thread * p.scratch_floats * size_of::<f32>());
    let pointers = std::slice::from_raw_parts_mut(own, TABLE * taps);
    // Within a block, units run group by group and chunk by chunk, so the row pointers of a block are computed once
    // and moved from group to group.
    let mut located = None;
    let first_block = share.of(blocks * p.groups * chunks).start / (p.groups * chunks);
    for unit in share.of(blocks * p.groups * chunks) {
        let (block, group, chunk) = (unit / (p.groups * chunks), unit / chunks % p.groups, unit % chunks);
        let of_block = part(pixels, block, blocks);
        let moved = match located {
            Some((at, before)) if at == block => group - before,
            _ => {
                locate_rows(p, &of_block, pointers);
                group
            }
        };
        if moved > 0 {
            pointers.iter_mut().for_each(|row| *row = row.wrapping_add(moved * p.depth));
        }
        located = Some((block, group));
        let rows = Rows { pointers, stride: TABLE, depth: p.depth };
        let of_chunk = part(panels, chunk, chunks);
        let panel_len = taps * p.depth * COLUMNS;
        let weights = p.weights.add((group * panels + of_chunk.start) * panel_len);
        // A single tile reads a panel only once, and is as fast without this.
        if block == first_block && of_block.len() > ROWS {
            fetch(weights, of_chunk.len() * panel_len);
        }
        let outputs = p.groups * p.columns;
        let column = group * p.columns + of_chunk.start * COLUMNS;
        let offset = of_block.start * outputs + column;
        let target = Target {
            output: p.output.add(offset),
            offset,
            row_stride: outputs,
            rows: of_block.len(),
            columns: p.columns.min(of_chunk.end * COLUMNS) - of_chunk.start * COLUMNS,
            column,
        };
        multiply_panels(&rows, weights, &target, &p.epilogue);
    }
}

/// Row pointers of every tap and pixel of a block: `pointers[tap][TABLE]`. The entries after the last pixel, which are
/// computed and not written, repeat it.
unsafe fn locate_rows(p: &Conv2d, pixels: &Range<usize>, pointers: &mut [*const f32]) {
    let row_stride = p.width * p.pixel_stride;
    for index in 0..TABLE {
        let pixel = pixels.start + index.min(pixels.len() - 1);
        let (row, x) = (pixel / p.output_width, pixel % p.output_width);
        let (image, y) = (row / p.output_height, row % p.output_height);
        let base = p.input.wrapping_add(image * p.height * row_stride);
        let (top, left) = (y * p.stride[0], x * p.stride[1]);
        for ky in 0..p.kernel[0] {
            let input_y = (top + ky * p.dilation[0]).wrapping_sub(p.padding[0] as usize);
            for kx in 0..p.kernel[1] {
                let input_x = (left + kx * p.dilation[1]).wrapping_sub(p.padding[1] as usize);
                let at = (ky * p.kernel[1] + kx) * TABLE + index;
                pointers[at] = if input_y < p.height && input_x < p.width {
                    base.wrapping_add(input_y * row_stride + input_x * p.pixel_stride)
                } else {
                    p.zeros
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gemm::{pack_panels, packed_len, PanelSource};

    struct Case {
        batch: usize,
        size: [usize; 2],
        channels: usize,
        outputs: usize,
        groups: usize,
        kernel: [usize; 2],
        stride: [usize; 2],
        dilation: [usize; 2],
        padding: [isize; 2],
    }

    const BASE: Case = Case {
        batch: 1,
        size: [5, 6],
        channels: 3,
        outputs: 10,
        groups: 1,
        kernel: [3, 3],
        stride: [1, 1],
        dilation: [1, 1],
        padding: [1, 1],
    };

    fn values(count: usize, seed: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 7 + seed * 13) % 19) as f32 / 8.0 - 1.0).collect()
    }

    fn output_size(c: &Case, axis: usize) -> usize {
        (c.size[axis].wrapping_add_signed(2 * c.padding[axis]) - c.dilation[axis] * (c.kernel[axis] - 1) - 1)
            / c.stride[axis]
            + 1
    }

    fn naive(c: &Case, x: &[f32], w: &[f32]) -> Vec<f32> {
        let (oh, ow) = (output_size(c, 0), output_size(c, 1));
        let (depth, columns) = (c.channels / c.groups, c.outputs / c.groups);
        let mut out = Vec::new();
        for n in 0..c.batch {
            for y in 0..oh * ow {
                for o in 0..c.outputs {
                    let mut sum = 0.0;
                    for ky in 0..c.kernel[0] {
                        for kx in 0..c.kernel[1] {
                            let iy = (y / ow * c.stride[0] + ky * c.dilation[0]).wrapping_sub(c.padding[0] as usize);
                            let ix = (y % ow * c.stride[1] + kx * c.dilation[1]).wrapping_sub(c.padding[1] as usize);
                            if iy >= c.size[0] || ix >= c.size[1] {
                                continue;
                            }
                            for d in 0..depth {
                                let xi = ((n * c.size[0] + iy) * c.size[1] + ix) * c.channels + o / columns * depth + d;
                                let wi = ((o * depth + d) * c.kernel[0] + ky) * c.kernel[1] + kx;
                                sum += x[xi] * w[wi];
                            }
                        }
                    }
                    out.push(sum);
                }
            }
        }
        out
    }

    fn run(c: &Case, x: &[f32], w: &[f32], threads: usize) -> Vec<f32> {
        let (oh, ow) = (output_size(c, 0), output_size(c, 1));
        let depth = c.channels / c.groups;
        let taps = c.kernel[0] * c.kernel[1];
        let source = PanelSource {
            groups: c.groups,
            columns: c.outputs / c.groups,
            taps: c.kernel,
            depth,
            group_stride: c.outputs / c.groups * depth * taps,
            column_stride: depth * taps,
            tap_strides: [c.kernel[1] as isize, 1],
            depth_stride: taps,
        };
        let mut packed = vec![0.0; packed_len(&source)];
        let panels = c.groups * source.columns.div_ceil(COLUMNS);
        unsafe { pack_panels(&source, w.as_ptr(), packed.as_mut_ptr(), 0, panels) };
        let zeros = vec![0.0; c.channels];
        let mut out = vec![f32::NAN; c.batch * oh * ow * c.outputs];
        let mut scratch = vec![std::ptr::null(); threads * taps * ROW_POINTERS];
        let p = Conv2d {
            input: x.as_ptr(),
            weights: packed.as_ptr(),
            output: out.as_mut_ptr(),
            zeros: zeros.as_ptr(),
            epilogue: Epilogue::PLAIN,
            batch: c.batch,
            height: c.size[0],
            width: c.size[1],
            pixel_stride: c.channels,
            output_height: oh,
            output_width: ow,
            groups: c.groups,
            columns: c.outputs / c.groups,
            depth,
            kernel: c.kernel,
            stride: c.stride,
            dilation: c.dilation,
            padding: c.padding,
            scratch: scratch.as_mut_ptr(),
            scratch_floats: conv2d_scratch(taps),
        };
        for thread in 0..threads {
            unsafe { conv2d(&p, Share { thread, threads }) };
        }
        out
    }

    #[test]
    fn convolutions_equal_the_naive_loops_for_any_number_of_threads() {
        let cases = [
            Case { ..BASE },
            Case { batch: 0, ..BASE },
            Case { batch: 3, size: [9, 8], ..BASE },
            Case { kernel: [1, 1], padding: [0, 0], channels: 16, outputs: 40, ..BASE },
            Case { stride: [2, 2], size: [7, 7], ..BASE },
            Case { dilation: [2, 1], padding: [2, 1], ..BASE },
            Case { kernel: [7, 7], stride: [2, 2], padding: [3, 3], size: [11, 9], ..BASE },
            Case { groups: 4, channels: 16, outputs: 16, ..BASE },
            Case { groups: 6, channels: 6, outputs: 12, ..BASE },
            Case { kernel: [1, 3], padding: [0, 1], ..BASE },
            Case { padding: [-1, 0], ..BASE },
            Case { size: [20, 21], outputs: 72, ..BASE },
        ];
        for (index, c) in cases.iter().enumerate() {
            let x = values(c.batch * c.size[0] * c.size[1] * c.channels, 1);
            let w = values(c.outputs * c.channels / c.groups * c.kernel[0] * c.kernel[1], 2);
            let want = naive(c, &x, &w);
            for threads in 1..4 {
                assert_eq!(run(c, &x, &w, threads), want, "case {index}, {threads} threads");
            }
        }
    }

    /// Products of a size and the number of a block or chunk overflow the 32 bits of WebAssembly.
    #[test]
    fn pixels_and_columns_may_be_many() {
        let plain = Case { kernel: [1, 1], padding: [0, 0], channels: 1, outputs: 1, ..BASE };
        let cases = [
            Case { size: [821, 797], ..plain },
            Case { batch: 700_000, size: [1, 1], ..plain },
            Case { size: [1, 1], outputs: 1_100_000, ..plain },
        ];
        for (index, c) in cases.iter().enumerate() {
            let x = values(c.batch * c.size[0] * c.size[1], 1);
            let w = values(c.outputs, 2);
            let want = naive(c, &x, &w);
            for threads in [1, 64] {
                assert!(run(c, &x, &w, threads) == want, "case {index}, {threads} threads");
            }
        }
    }
}
