//! sluice-outbound
