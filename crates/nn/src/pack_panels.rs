use crate::share::Share;
use gemm::{PanelSource, COLUMNS};
use operands::operands;

operands! {
    /// Packs a matrix or convolution weights into panels of 8 columns.
    pub struct PackPanels {
        pub source: *const f32,
        /// `[groups, panels, taps, depth, 8]`, missing columns zero.
        pub packed: *mut f32,
        pub panels: PanelSource,
    }
}

/// Packs this thread's share of the panels.
///
/// # Safety
/// `source` must be readable wherever the strides lead and `packed` writable for [`gemm::packed_len`].
pub unsafe fn pack_panels(p: &PackPanels, share: Share) {
    let part = share.of(p.panels.groups * p.panels.columns.div_ceil(COLUMNS));
    gemm::pack_panels(&p.panels, p.source, p.packed, part.start, part.end);
}
