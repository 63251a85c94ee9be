use crate::tile::COLUMNS;
use operands::operands;

operands! {
    /// Where the columns of `B` lie before packing, as strides in elements. `B` is a matrix in either orientation, or
    /// convolution weights in PyTorch's `[output, input, height, width]`.
    pub struct PanelSource {
        /// Independent products with their own columns (convolution groups).
        pub groups: usize,
        /// Columns of each group.
        pub columns: usize,
        /// Rows and columns of a kernel, packed one after the other.
        pub taps: [usize; 2],
        pub depth: usize,
        pub group_stride: usize,
        pub column_stride: usize,
        /// Negative to rotate the kernel by 180 degrees.
        pub tap_strides: [isize; 2],
        pub depth_stride: usize,
    }
}

/// Number of `f32` that the panels of `source` take; each group is padded to whole panels.
pub fn packed_len(source: &PanelSource) -> usize {
    source.groups * source.columns.div_ceil(COLUMNS) * source.taps[0] * source.taps[1] * source.depth * COLUMNS
}

/// Values in a cache line.
const LINE: usize = 16;

/// Brings panels into the cache. WebAssembly has no prefetch, and the tile alone would wait for memory: the products
/// between its reads fill the processor's queue, so few reads are in flight. This loop keeps as many as possible.
///
/// # Safety
/// `panels` must be readable for `count` values.
#[inline(always)]
pub unsafe fn fetch(panels: *const f32, count: usize) {
    for at in (0..count).step_by(LINE) {
        // The compiler may not remove a volatile read.
        panels.add(at).read_volatile();
    }
}

/// Packs panels `first..last` (counted over all groups): `[panel][tap][depth][COLUMNS]`, missing
/// columns zero.
///
/// # Safety
/// `values` must be readable wherever the strides lead and `packed` writable for [`packed_len`].
pub unsafe fn pack_panels(source: &PanelSource, values: *const f32, packed: *mut f32, first: usize, last: usize) {
    for index in first..last {
        pack_panel(source, values, packed, index);
    }
}

#[inline(never)]
unsafe fn pack_panel(source: &PanelSource, values: *const f32, packed: *mut f32, index: usize) {
    let panels = source.columns.div_ceil(COLUMNS);
    let (group, panel) = (index / panels, index % panels);
    let columns = COLUMNS.min(source.columns - panel * COLUMNS);
    let from = values.add(group * source.group_stride + panel * COLUMNS * source.column_stride);
    let taps = source.taps[0] * source.taps[1];
    let mut to = packed.add(index * taps * source.depth * COLUMNS);
    for tap in 0..taps {
        let at = [tap / source.taps[1], tap % source.taps[1]];
        let from = from.offset(at[0] as isize * source.tap_strides[0] + at[1] as isize * source.tap_strides[1]);
        for depth in 0..source.depth {
            let row = from.add(depth * source.depth_stride);
            for column in 0..columns {
                *to.add(column) = *row.add(column * source.column_stride);
            }
            for column in columns..COLUMNS {
                *to.add(column) = 0.0;
            }
            to = to.add(COLUMNS);
        }
    }
}
