//! Our own Python: what is given to an interpreter of a runtime.

/// The name of the script to start.
pub const ZYGOTE: &str = "zygote.py";

/// All scripts by name and text; they lie in one folder.
pub const SCRIPTS: [(&str, &str); 5] = [
    (ZYGOTE, include_str!("../../assets/python/zygote.py")),
    (
        "orrery_asked.py",
        include_str!("../../assets/python/orrery_asked.py"),
    ),
    (
        "orrery_kept.py",
        include_str!("../../assets/python/orrery_kept.py"),
    ),
    (
        "orrery_upstream.py",
        include_str!("../../assets/python/orrery_upstream.py"),
    ),
    (
        "orrery_warm.py",
        include_str!("../../assets/python/orrery_warm.py"),
    ),
];
