//! Serialised dags against goldens, mutations and upstream.
