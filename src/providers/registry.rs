//! The list of providers.
//!
//! INVARIANT: a provider is its folder plus one line here; the tests below check every entry.

use super::{FileSpec, ProviderMetadata, demo_bank, ofx_file};
use crate::{domain::Connection, statements::Institution};

/// Calls a macro with the folders of all providers. File providers of single institutions come first, then those that
/// accept every file of a kind. `cargo fmt` does not see folders that are named here: use `rustfmt` on their files.
macro_rules! each_provider {
    ($call:ident) => {
        $call! {
            alpaca,
            schwab,
            simplefin,
            plaid,
            teller,
            chase_file,
            ofx_file,
            csv_file,
            camt_file,
            mt940_file,
            qif_file,
        }
    };
}
pub(super) use each_provider;

macro_rules! list {
    ($($folder:ident,)*) => {
        &[$(&super::$folder::METADATA),*]
    };
}

/// All providers, in the order of `each_provider`.
pub static PROVIDERS: &[&ProviderMetadata] = each_provider!(list);

/// An unknown slug.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no provider `{slug}`")]
pub struct UnknownProvider {
    /// The slug, safe to show.
    pub slug: String,
    /// All known slugs.
    pub known: String,
}

/// Finds a provider that people can connect, by slug, ignoring case.
pub fn listed(slug: &str) -> Result<&'static ProviderMetadata, UnknownProvider> {
    PROVIDERS.iter().copied().find(|metadata| has_slug(metadata, slug)).ok_or_else(|| UnknownProvider {
        slug: crate::domain::text::clean(slug).chars().take(50).collect(),
        known: PROVIDERS.iter().map(|metadata| metadata.slug).collect::<Vec<_>>().join(", "),
    })
}

/// Finds the provider of a connection; also the bank of the demo, which is not listed.
pub fn find(slug: &str) -> Result<&'static ProviderMetadata, UnknownProvider> {
    let demo = &demo_bank::METADATA;
    if has_slug(demo, slug) { Ok(demo) } else { listed(slug) }
}

fn has_slug(metadata: &ProviderMetadata, slug: &str) -> bool {
    metadata.slug.eq_ignore_ascii_case(slug.trim())
}

/// The provider of a statement: the first that reads its kind of file and claims its institution.
#[must_use]
pub fn file_provider(format: &str, institution: &Institution) -> &'static ProviderMetadata {
    let takes = |spec: &FileSpec| spec.formats.contains(&format) && (spec.claims)(institution);
    PROVIDERS.iter().copied().find(|metadata| metadata.file().is_some_and(takes)).unwrap_or(&ofx_file::METADATA)
}

/// Whether the connection receives its data from statement files.
#[must_use]
pub fn is_file_source(connection: &Connection) -> bool {
    find(&connection.provider).is_ok_and(ProviderMetadata::is_file)
}

/// Whether the connection can be synced: it was not ended, and its provider is known and not a file provider.
#[must_use]
pub fn is_live(connection: &Connection) -> bool {
    connection.counts() && find(&connection.provider).is_ok_and(|metadata| !metadata.is_file())
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, path::Path};

    use super::*;
    use crate::providers::FieldKind;

    fn each(rule: impl Fn(&ProviderMetadata) -> Result<(), String>) {
        let broken: Vec<String> =
            PROVIDERS.iter().filter_map(|m| rule(m).err().map(|why| format!("{}: {why}", m.slug))).collect();
        assert!(broken.is_empty(), "{broken:#?}");
    }

    fn ensure(holds: bool, why: impl Into<String>) -> Result<(), String> {
        if holds { Ok(()) } else { Err(why.into()) }
    }

    #[test]
    fn names_are_well_formed_and_unique() {
        each(|m| {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
            ensure((1..=50).contains(&m.slug.len()) && m.slug.bytes().all(plain), "slug: 1 to 50 of a-z 0-9 - _")?;
            ensure(!m.display_name.trim().is_empty() && m.display_name.len() <= 100, "display name: 1 to 100")?;
            ensure(!m.summary.trim().is_empty(), "summary is missing")
        });
        let slugs: HashSet<_> = PROVIDERS.iter().map(|m| m.slug).collect();
        let names: HashSet<_> = PROVIDERS.iter().map(|m| m.display_name).collect();
        assert_eq!((slugs.len(), names.len()), (PROVIDERS.len(), PROVIDERS.len()));
    }

    #[test]
    fn every_provider_offers_something() {
        each(|m| ensure(!m.capabilities.is_empty(), "no capability"));
    }

    #[test]
    fn live_providers_state_their_servers_and_pace() {
        each(|m| {
            let live = !m.is_file();
            ensure(m.environments.is_empty() != live, "environments: some for live providers, none for files")?;
            for environment in m.environments {
                let host = environment.origin.strip_prefix("https://").ok_or("origin must be https")?;
                ensure(!host.contains('/') && host.contains('.'), "origin is scheme and host only")?;
            }
            ensure(m.extra_hosts.iter().all(|host| !host.contains('/')), "extra hosts are bare names")?;
            ensure(!live || (m.pace.per_minute > 0 && m.pace.burst > 0), "pace is missing")?;
            if let Some(spec) = m.oauth() {
                let urls = [Some(spec.authorize_url), Some(spec.token_url), spec.revoke_url];
                ensure(urls.into_iter().flatten().all(|url| url.starts_with("https://")), "OAuth over https only")?;
                let asked = |name: &str| spec.fields.iter().any(|field| field.name == name);
                ensure(asked(spec.id_field) && asked(spec.secret_field), "id and secret must be fields")?;
            }
            ensure(m.documentation_url.starts_with("https://"), "documentation_url must be https")
        });
    }

    #[test]
    fn fields_are_unique_and_environments_agree() {
        each(|m| {
            let names: HashSet<_> = m.fields().iter().map(|field| field.name).collect();
            ensure(names.len() == m.fields().len(), "two fields share a name")?;
            for field in m.fields() {
                ensure(!field.label.is_empty() && !field.help.is_empty(), format!("{}: label and help", field.name))?;
                if let FieldKind::Environment(environments) = field.kind {
                    ensure(environments == m.environments, "the environment field lists other environments")?;
                    ensure(field.name == "environment", "the environment field is called environment")?;
                }
            }
            let asked = m.environments.len() <= 1 || names.contains("environment");
            ensure(asked, "several environments but no field to choose one")?;
            let settings = m.required_settings.iter();
            ensure(settings.clone().all(|s| names.contains(s.name)), "a required setting that no field asks for")
        });
    }

    #[test]
    fn every_provider_has_its_folder_and_page() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        each(|m| {
            let live = !m.is_file();
            let live_files: &[&str] = if live { &["map.rs", "wire.rs"] } else { &[] };
            for file in ["mod.rs", "tests.rs"].iter().chain(live_files) {
                let path = root.join("src/providers").join(m.slug).join(file);
                ensure(path.is_file(), format!("src/providers/{}/{file} is missing", m.slug))?;
            }
            let page = format!("docs/providers/{}.md", m.slug);
            let text = std::fs::read_to_string(root.join(&page)).map_err(|_| format!("{page} is missing"))?;
            ensure(text.starts_with(&format!("# {}\n", m.display_name)), format!("{page} must open with its name"))?;
            let fixtures = root.join("fixtures/providers").join(m.slug);
            ensure(!live || fixtures.is_dir(), format!("fixtures/providers/{} is missing", m.slug))
        });
    }

    #[test]
    fn unknown_slugs_name_the_known_ones() {
        let error = find("scwhab\u{1b}").unwrap_err();
        let names_all = PROVIDERS.iter().all(|provider| error.known.contains(provider.slug));
        assert!(error.to_string().contains("`scwhab`") && names_all, "{error:?}");
        assert_eq!(find(" Chase_File ").unwrap().slug, "chase_file");
    }

    #[test]
    fn every_format_has_one_provider_that_takes_all_its_files() {
        let anyone = Institution::default();
        let formats = [
            "qfx", "ofx", "qbo", "csv", "tsv", "xlsx", "xls", "ods", "camt052", "camt053", "camt054", "mt940", "mt942",
            "qif",
        ];
        for format in formats {
            let taking: Vec<_> = PROVIDERS
                .iter()
                .filter_map(|m| m.file().filter(|spec| spec.formats.contains(&format)).map(|spec| (m.slug, spec)))
                .collect();
            let all: Vec<_> = taking.iter().filter(|(_, spec)| (spec.claims)(&anyone)).collect();
            assert_eq!(all.len(), 1, "{format}");
            assert_eq!(taking.last().map(|(slug, _)| *slug), Some(all[0].0), "{format}");
        }
    }
}
