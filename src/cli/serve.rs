//! `orrery serve`, `orrery demo` and the worker process.

use std::{fs, path::PathBuf, sync::Arc};

use clap::Args;

use super::{Settings, Trouble, configuration::layers};
use crate::{
    boot::{self, Manner, SystemClock, Tasks, setup},
    config::{Config, Layers},
    telemetry,
};

/// Where the demo keeps everything.
const DEMO_FOLDER: &str = ".orrery";

macro_rules! example {
    ($name:literal) => {
        ($name, include_str!(concat!("../../assets/dags/", $name)))
    };
}

/// The example dags, by file name.
const EXAMPLES: &[(&str, &str)] = &[
    example!("dpkg_report.yaml"),
    example!("folder_hash.yaml"),
    example!("hello.yaml"),
    example!("machine_pulse.yaml"),
    example!("retry_and_recover.yaml"),
    example!("zoneinfo_resample.yaml"),
];

/// The version of Airflow that the demo prepares.
const AIRFLOW: &str = "3.3.2";

/// What the demo takes.
#[derive(Args)]
pub struct Demo {
    #[command(flatten)]
    settings: Settings,
    /// Leaves out the Airflow, and with it Python dags.
    #[arg(long)]
    no_airflow: bool,
    /// The version of Airflow to prepare.
    #[arg(long, value_name = "VERSION", default_value = AIRFLOW)]
    airflow: String,
    /// The Python to prepare it with [default: python3 of the path].
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// The package index, instead of the one that pip or uv is set up for.
    #[arg(long, value_name = "URL", conflicts_with = "wheelhouse")]
    index_url: Option<String>,
    /// A folder of wheels, instead of the network.
    #[arg(long, value_name = "DIR")]
    wheelhouse: Option<PathBuf>,
}

impl Demo {
    fn order(&self) -> Option<setup::Order> {
        if self.no_airflow {
            return None;
        }
        let path = |path: &PathBuf| path.display().to_string();
        let flags = [
            ("--python", self.python.as_ref().map(path)),
            ("--index-url", self.index_url.clone()),
            ("--wheelhouse", self.wheelhouse.as_ref().map(path)),
        ];
        let given = flags
            .into_iter()
            .filter_map(|(flag, value)| Some([flag.into(), value?]));
        Some(setup::Order {
            airflow: self.airflow.clone(),
            words: given.flatten().collect(),
        })
    }
}

pub fn serve(settings: &Settings) -> Result<(), Trouble> {
    let config = Config::of(&layers(settings, Layers::defaults())?)?;
    telemetry::start(&config);
    boot::serve(
        &config,
        &Manner {
            tasks: Tasks::GoOn,
            any_port: false,
            task_env: Vec::new(),
            setup: None,
        },
    )
}

pub fn demo(demo: &Demo) -> Result<(), Trouble> {
    let settings = &demo.settings;
    let mut defaults = Layers::defaults();
    let dags = format!("{DEMO_FOLDER}/dags");
    for (key, text) in [
        ("data", DEMO_FOLDER),
        ("dags", &dags),
        ("log.level", "warn"),
    ] {
        defaults.set_default(key, toml::Value::String(text.to_owned()));
    }
    let unpaused = toml::Value::Boolean(false);
    defaults.set_default("scheduler.dags_are_paused_at_creation", unpaused);
    let mut config = Config::of(&layers(settings, defaults)?)?;
    let setup = demo.order();
    // That of an earlier start.
    if setup.is_some() && config.runtime.is_empty() && setup::is_there(&config.data) {
        setup::NAME.clone_into(&mut config.runtime);
    }
    fs::create_dir_all(&config.dags)?;
    for (name, text) in EXAMPLES {
        let path = config.dags.join(name);
        // What the user changed stays as it is.
        if !path.exists() {
            fs::write(path, text)?;
        }
    }
    telemetry::start(&config);
    let work = std::path::absolute(config.data.join("demo"))?;
    fs::create_dir_all(&work)?;
    let task_env = vec![("ORRERY_DEMO_DIR".to_owned(), work.display().to_string())];
    boot::serve(
        &config,
        &Manner {
            tasks: Tasks::End,
            any_port: true,
            task_env,
            setup,
        },
    )
}

pub fn worker(data: PathBuf) -> Result<(), Trouble> {
    Ok(worker::process_main(worker::ProcessOptions {
        data_dir: data,
        clock: Arc::new(SystemClock),
        limits: worker::Limits::STANDARD,
    })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_example_is_left_out() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/dags");
        let names = fs::read_dir(folder).unwrap().map(|entry| {
            let name = entry.unwrap().file_name();
            name.into_string().unwrap()
        });
        let mut there: Vec<_> = names.collect();
        there.sort();
        let compiled_in: Vec<_> = EXAMPLES.iter().map(|(name, _)| *name).collect();
        assert_eq!(compiled_in, there);
    }
}
