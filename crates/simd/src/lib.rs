//! Four `f32` lanes.
//!
//! One type, three forms chosen at compile time: WebAssembly `simd128` (with `relaxed-simd`, fused
//! multiply-add), SSE2 on x86-64 hosts, and plain arrays everywhere else and under Miri's
//! `--cfg force_scalar`. This is the only crate that asks for target features, so that everything
//! above it is tested on the host exactly as it is written.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use wasm as form;

#[cfg(all(target_arch = "x86_64", not(force_scalar)))]
mod sse;
#[cfg(all(target_arch = "x86_64", not(force_scalar)))]
use sse as form;

#[cfg(not(any(
    all(target_arch = "wasm32", target_feature = "simd128"),
    all(target_arch = "x86_64", not(force_scalar))
)))]
mod scalar;
#[cfg(not(any(
    all(target_arch = "wasm32", target_feature = "simd128"),
    all(target_arch = "x86_64", not(force_scalar))
)))]
use scalar as form;

/// Four `f32` values on which every operation works lane by lane.
#[derive(Clone, Copy)]
pub struct F32x4(form::Lanes);

/// Whether [`F32x4::add_product`] is one instruction.
pub const FUSED: bool = cfg!(all(target_arch = "wasm32", target_feature = "relaxed-simd"));

/// How many lanes an [`F32x4`] has.
pub const LANES: usize = 4;

impl F32x4 {
    #[inline(always)]
    pub fn splat(value: f32) -> Self {
        Self(form::splat(value))
    }

    #[inline(always)]
    pub fn zero() -> Self {
        Self::splat(0.0)
    }

    /// Reads four values; no alignment is required.
    ///
    /// # Safety
    /// `source` must be readable for four `f32`.
    #[inline(always)]
    pub unsafe fn load(source: *const f32) -> Self {
        Self(form::load(source))
    }

    /// Reads one value into all lanes.
    ///
    /// # Safety
    /// `source` must be readable for one `f32`.
    #[inline(always)]
    pub unsafe fn load_splat(source: *const f32) -> Self {
        Self(form::load_splat(source))
    }

    /// Reads `count` values (0 to 4); the other lanes are zero.
    ///
    /// # Safety
    /// `source` must be readable for `count` `f32`.
    #[inline(always)]
    pub unsafe fn load_partial(source: *const f32, count: usize) -> Self {
        let mut lanes = [0.0f32; LANES];
        std::ptr::copy_nonoverlapping(source, lanes.as_mut_ptr(), count);
        Self::load(lanes.as_ptr())
    }

    /// Writes four values; no alignment is required.
    ///
    /// # Safety
    /// `target` must be writable for four `f32`.
    #[inline(always)]
    pub unsafe fn store(self, target: *mut f32) {
        form::store(self.0, target)
    }

    /// Writes the first `count` lanes (0 to 4).
    ///
    /// # Safety
    /// `target` must be writable for `count` `f32`.
    #[inline(always)]
    pub unsafe fn store_partial(self, target: *mut f32, count: usize) {
        let lanes = self.to_array();
        std::ptr::copy_nonoverlapping(lanes.as_ptr(), target, count);
    }

    #[inline(always)]
    pub fn to_array(self) -> [f32; LANES] {
        let mut lanes = [0.0f32; LANES];
        unsafe { self.store(lanes.as_mut_ptr()) };
        lanes
    }

    /// `self + a * b`, rounded once if the target has a fused form, otherwise twice.
    #[inline(always)]
    pub fn add_product(self, a: Self, b: Self) -> Self {
        Self(form::add_product(self.0, a.0, b.0))
    }

    /// The larger of each pair; `self` if either is NaN, so that `x.max(zero)` keeps a NaN visible.
    #[inline(always)]
    pub fn max(self, other: Self) -> Self {
        Self(form::max(self.0, other.0))
    }

    /// The smaller of each pair; `self` if either is NaN.
    #[inline(always)]
    pub fn min(self, other: Self) -> Self {
        Self(form::min(self.0, other.0))
    }

    /// The lanes of `self` where `a > b`; zero elsewhere, also if either is NaN.
    #[inline(always)]
    pub fn where_greater(self, a: Self, b: Self) -> Self {
        Self(form::and(self.0, form::greater(a.0, b.0)))
    }

    /// The lanes of `self` where `a >= b`; zero elsewhere, also if either is NaN.
    #[inline(always)]
    pub fn where_at_least(self, a: Self, b: Self) -> Self {
        Self(form::and(self.0, form::at_least(a.0, b.0)))
    }

    #[inline(always)]
    pub fn abs(self) -> Self {
        Self(form::abs(self.0))
    }

    #[inline(always)]
    pub fn sqrt(self) -> Self {
        Self(form::sqrt(self.0))
    }
}

macro_rules! arithmetic {
    ($($operator:ident $method:ident),*) => {$(
        impl std::ops::$operator for F32x4 {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(form::$method(self.0, other.0))
            }
        }
    )*};
}
arithmetic!(Add add, Sub sub, Mul mul, Div div);

#[cfg(test)]
mod tests {
    use super::*;

    const A: [f32; 4] = [1.5, -2.0, 0.0, 1e30];
    const B: [f32; 4] = [-0.5, 4.0, 3.0, 2.0];

    fn pair() -> (F32x4, F32x4) {
        unsafe { (F32x4::load(A.as_ptr()), F32x4::load(B.as_ptr())) }
    }

    #[test]
    fn every_operation_equals_its_scalar_form_lane_by_lane() {
        let (a, b) = pair();
        type Scalar = fn(f32, f32) -> f32;
        let cases: [(F32x4, Scalar); 8] = [
            (a + b, |x, y| x + y),
            (a - b, |x, y| x - y),
            (a * b, |x, y| x * y),
            (a / b, |x, y| x / y),
            (a.max(b), f32::max),
            (a.min(b), f32::min),
            (a.abs(), |x, _| x.abs()),
            (b.abs().sqrt(), |_, y| y.abs().sqrt()),
        ];
        for (index, (lanes, scalar)) in cases.iter().enumerate() {
            for lane in 0..LANES {
                assert_eq!(lanes.to_array()[lane], scalar(A[lane], B[lane]), "case {index}, lane {lane}");
            }
        }
    }

    #[test]
    fn add_product_adds_the_product() {
        let (a, b) = pair();
        let sum = F32x4::splat(0.25).add_product(a, b).to_array();
        assert_eq!(sum, [-0.5, -7.75, 0.25, 2e30]);
    }

    #[test]
    fn partial_loads_and_stores_touch_only_what_they_say() {
        for count in 0..=LANES {
            let lanes = unsafe { F32x4::load_partial(B.as_ptr(), count) };
            let mut target = [9.0f32; LANES];
            unsafe { lanes.store_partial(target.as_mut_ptr(), count) };
            for lane in 0..LANES {
                assert_eq!(lanes.to_array()[lane], if lane < count { B[lane] } else { 0.0 });
                assert_eq!(target[lane], if lane < count { B[lane] } else { 9.0 });
            }
        }
    }

    #[test]
    fn max_and_min_keep_the_first_operand_where_either_is_nan() {
        let nan = F32x4::splat(f32::NAN);
        let one = F32x4::splat(1.0);
        assert!(nan.max(one).to_array()[0].is_nan() && nan.min(one).to_array()[0].is_nan());
        assert!(one.max(nan).to_array() == [1.0; 4] && one.min(nan).to_array() == [1.0; 4]);
    }

    #[test]
    fn lanes_are_kept_where_the_comparison_holds() {
        let lanes = |values: [f32; 4]| unsafe { F32x4::load(values.as_ptr()) };
        let value = lanes([1.0, f32::INFINITY, f32::NAN, 4.0]);
        let (a, b) = (lanes([2.0, 1.0, 1.0, f32::NAN]), lanes([1.0, 1.0, 2.0, 1.0]));
        assert_eq!(value.where_greater(a, b).to_array(), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(value.where_at_least(a, b).to_array(), [1.0, f32::INFINITY, 0.0, 0.0]);
    }

    #[test]
    fn load_splat_fills_every_lane() {
        assert_eq!(unsafe { F32x4::load_splat(&B[1]) }.to_array(), [4.0; 4]);
    }
}
