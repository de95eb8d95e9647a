//! Medians and spreads.

/// The value at a share of the sorted values.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (share * (sorted.len() as f64 - 1.0)).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// The median.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// Lowest and highest.
pub fn spread(values: &[f64]) -> [f64; 2] {
    [quantile(values, 0.0), quantile(values, 1.0)]
}
