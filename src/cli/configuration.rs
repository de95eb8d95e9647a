//! `orrery config`: what is in force and where it comes from.

use std::{fs, path::Path};

use clap::Subcommand;

use super::{Settings, Trouble, output};
use crate::config::{self, Config, Layers};

/// Read where no file is named and this one exists.
const SYSTEM_FILE: &str = "/etc/orrery/orrery.toml";

#[derive(Subcommand)]
pub enum Configuration {
    /// Prints all keys with the values in force, as a file that could be used again.
    Show {
        /// Says of each where it comes from.
        #[arg(long)]
        origin: bool,
        #[command(flatten)]
        settings: Settings,
    },
}

pub fn run(command: &Configuration) -> Result<(), Trouble> {
    let Configuration::Show { origin, settings } = command;
    let layers = layers(settings, Layers::defaults())?;
    Config::of(&layers)?;
    output::line(config::show(&layers, *origin).trim_end())
}

/// All layers, the flags on top.
pub fn layers(settings: &Settings, mut layers: Layers) -> Result<Layers, Trouble> {
    let Settings {
        config,
        data,
        dags,
        listen,
        runtime,
        set,
    } = settings;
    let system = Path::new(SYSTEM_FILE);
    let file = config
        .as_deref()
        .or_else(|| system.exists().then_some(system));
    if let Some(path) = file {
        let text = fs::read_to_string(path).map_err(|cause| {
            Trouble(format!(
                "CFG-002: cannot read the configuration file `{}`: {cause}",
                path.display()
            ))
        })?;
        layers.add_file(path, &text);
    }
    let utf8 = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    layers.add_env(std::env::vars_os().filter_map(utf8));
    for (key, text) in [
        ("data", data),
        ("dags", dags),
        ("listen", listen),
        ("airflow.runtime", runtime),
    ] {
        if let Some(text) = text {
            layers.add_flag(key, text);
        }
    }
    for pair in set {
        let (key, text) = pair.split_once('=').ok_or_else(|| {
            Trouble(format!(
                "CLI-003: --set takes KEY=VALUE, and `{pair}` has no `=`"
            ))
        })?;
        layers.add_flag(key.trim(), text.trim());
    }
    Ok(layers)
}
