mod factor;

pub use factor::{
    winograd_factor, winograd_products, winograd_taps, Factor, WinogradFactor, WinogradProducts, WinogradTaps,
};
