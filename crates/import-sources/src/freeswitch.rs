//! FreeSWITCH's directory: `<user id=…>` with the parameters `password` or `a1-hash`, in a `<domain name=…>`.
//!
//! Of FreeSWITCH's own preprocessor only `$${variables}` are known, from a file of `<X-PRE-PROCESS cmd="set" …>`.

use crate::{BadRow, Field, Read, Row, SourceError, Take};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Most octets of a file.
const MAX_FILE_OCTETS: u64 = 256 << 20;
/// Deepest folder below the one that is named.
const MAX_DEPTH: usize = 16;

/// What `$${name}` stands for.
#[derive(Default)]
pub struct Variables(HashMap<String, Zeroizing<String>>);

impl Variables {
    /// Reads `vars.xml`; of two that are set, the later one counts.
    ///
    /// # Errors
    /// [`SourceError`].
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        let text = contents(path)?;
        let mut reader = Reader::from_str(&text);
        let mut known = Self::default();
        loop {
            match reader.read_event().map_err(|error| not_xml(path, &error))? {
                Event::Eof => return Ok(known),
                Event::Start(tag) | Event::Empty(tag) if tag.name().0.eq_ignore_ascii_case("X-PRE-PROCESS") => {
                    if let (Some("set"), Some(data)) = (attribute(&tag, "cmd").as_deref(), attribute(&tag, "data"))
                        && let Some((name, value)) = data.split_once('=')
                    {
                        let value = known.expanded(value).unwrap_or_else(|_| Zeroizing::new(value.to_owned()));
                        known.0.insert(name.trim().to_owned(), value);
                    }
                }
                _ => {}
            }
        }
    }

    /// The text with every variable in it replaced, or the name of one that is not known.
    fn expanded(&self, text: &str) -> Result<Zeroizing<String>, String> {
        let mut expanded = Zeroizing::new(String::with_capacity(text.len()));
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("$${") {
            let Some((name, behind)) = after.split_once('}') else { break };
            expanded.push_str(before);
            expanded.push_str(self.0.get(name).ok_or_else(|| name.to_owned())?);
            rest = behind;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }
}

/// Reads a file, or every `*.xml` below a folder, by name.
///
/// # Errors
/// [`SourceError`]; rows that were taken before stay taken.
pub fn read_freeswitch(path: &Path, variables: &Variables, take: &mut Take<'_>) -> Result<(), SourceError> {
    let mut users = Users { variables, take, number: 0 };
    for file in files_of(path, MAX_DEPTH)? {
        let text = contents(&file)?;
        if users.read(&file, &text)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn files_of(path: &Path, depth: usize) -> Result<Vec<PathBuf>, SourceError> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        // Links are not followed into folders: they may lead back.
        if fs::symlink_metadata(&entry)?.is_dir() && depth > 0 {
            files.extend(files_of(&entry, depth - 1)?);
        } else if entry.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xml")) && entry.is_file() {
            files.push(entry);
        }
    }
    Ok(files)
}

fn contents(path: &Path) -> Result<Zeroizing<String>, SourceError> {
    if fs::metadata(path)?.len() > MAX_FILE_OCTETS {
        return Err(SourceError::Io(io::Error::from(io::ErrorKind::FileTooLarge)));
    }
    Ok(Zeroizing::new(fs::read_to_string(path)?))
}

/// A user whose end has not come yet.
#[derive(Default)]
struct OpenUser {
    cells: Vec<(Field, Zeroizing<String>)>,
    problem: Option<String>,
}

/// Finds users in files.
struct Users<'u, 't> {
    variables: &'u Variables,
    take: &'u mut Take<'t>,
    number: u64,
}

impl Users<'_, '_> {
    fn read(&mut self, path: &Path, text: &str) -> Result<std::ops::ControlFlow<()>, SourceError> {
        let mut reader = Reader::from_str(text);
        let (mut domain, mut user): (Option<String>, Option<OpenUser>) = (None, None);
        loop {
            match reader.read_event().map_err(|error| not_xml(path, &error))? {
                Event::Eof => return Ok(std::ops::ControlFlow::Continue(())),
                Event::Start(tag) if tag.name().0 == "domain" => domain = attribute(&tag, "name"),
                Event::End(tag) if tag.name().0 == "domain" => domain = None,
                Event::Start(tag) if tag.name().0 == "user" => user = self.begun(&tag, domain.as_deref()),
                // One without content has no password: it points to another, as groups do.
                Event::Empty(tag) | Event::Start(tag) if tag.name().0 == "param" => {
                    if let Some(user) = &mut user {
                        self.param(user, &tag);
                    }
                }
                Event::End(tag) if tag.name().0 == "user" => {
                    let ended = user.take().map(|user| self.ended(user));
                    if ended.is_some_and(|ended| ended.is_break()) {
                        return Ok(std::ops::ControlFlow::Break(()));
                    }
                }
                _ => {}
            }
        }
    }

    fn begun(&self, tag: &BytesStart<'_>, domain: Option<&str>) -> Option<OpenUser> {
        if attribute(tag, "type").as_deref() == Some("pointer") {
            return None;
        }
        let mut user = OpenUser::default();
        self.add(&mut user, Field::Username, &attribute(tag, "id").unwrap_or_default());
        if let Some(domain) = domain {
            self.add(&mut user, Field::Realm, domain);
        }
        Some(user)
    }

    fn param(&self, user: &mut OpenUser, tag: &BytesStart<'_>) {
        let field = match attribute(tag, "name").as_deref() {
            Some("password") => Field::Password,
            Some("a1-hash") => Field::Ha1Md5,
            _ => return,
        };
        self.add(user, field, &attribute(tag, "value").unwrap_or_default());
    }

    fn add(&self, user: &mut OpenUser, field: Field, text: &str) {
        match self.variables.expanded(text) {
            Ok(text) if text.is_empty() => {}
            Ok(text) => {
                user.cells.retain(|(known, _)| *known != field);
                user.cells.push((field, text));
            }
            Err(name) => {
                let what = field.as_str();
                user.problem =
                    Some(format!("has a {what} that is $${{{name}}}; name the file that sets it with --variables"));
            }
        }
    }

    fn ended(&mut self, user: OpenUser) -> std::ops::ControlFlow<()> {
        self.number += 1;
        let row = Row { number: self.number, cells: user.cells };
        (self.take)(match user.problem {
            None => Read::Row(row),
            Some(problem) => {
                let username = row.get(Field::Username).map(str::to_owned);
                Read::Bad(BadRow { number: row.number, username, problem })
            }
        })
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().flatten().find(|attribute| attribute.key.0 == name)?;
    Some(found.normalized_value(XmlVersion::Implicit1_0).ok()?.into_owned())
}

fn not_xml(path: &Path, error: &quick_xml::Error) -> SourceError {
    SourceError::NotXml { path: path.display().to_string(), error: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;

    #[test]
    fn users_of_a_directory() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "directory/default.xml",
            r#"<include><domain name="$${domain}"><params><param name="dial-string" value="x"/></params><groups>
               <group name="g"><users><user id="1000" type="pointer"/></users></group></groups>
               <users><user id="brian" number-alias="2"><params><param name="password" value="a&amp;b ${not_ours}"/>
               <param name="vm-password" value="9"/></params><variables><variable name="password" value="no"/></variables></user>
               <user id="al"><params><param name="a1-hash" value="0123456789abcdef0123456789abcdef"/></params></user>
               </users></domain></include>"#,
        );
        write(
            "directory/default/1000.xml",
            r#"<include><user id="1000"><params><param name="password" value="$${default_password}"/></params></user>
               <user id="1001"><params><param name="password" value="$${unset}"/></params></user></include>"#,
        );
        write("directory/notes.txt", "<user");
        write(
            "vars.xml",
            r#"<include><X-PRE-PROCESS cmd="set" data="default_password=12=34"/>
               <X-PRE-PROCESS cmd="set" data="domain_name=example"/><X-PRE-PROCESS cmd="set" data="domain=$${domain_name}.com"/>
               </include>"#,
        );
        let variables = Variables::read(&folder.path().join("vars.xml")).unwrap();
        let mut found = Vec::new();
        let mut take = |read: Read| {
            found.push(match read {
                Read::Row(row) => {
                    let cells = row.cells.iter().map(|(field, text)| format!("{}={}", field.as_str(), text.as_str()));
                    cells.collect::<Vec<_>>().join(" ")
                }
                Read::Bad(bad) => format!("{:?} {}", bad.username, bad.problem),
            });
            ControlFlow::Continue(())
        };
        read_freeswitch(&folder.path().join("directory"), &variables, &mut take).unwrap();
        assert_eq!(
            found,
            [
                "username=1000 password=12=34",
                "Some(\"1001\") has a password that is $${unset}; name the file that sets it with --variables",
                "username=brian realm=example.com password=a&b ${not_ours}",
                "username=al realm=example.com ha1_md5=0123456789abcdef0123456789abcdef",
            ]
        );
        let mut none = |_| ControlFlow::Continue(());
        write("broken.xml", "<user id='a'></domain>");
        assert!(read_freeswitch(&folder.path().join("broken.xml"), &variables, &mut none).is_err());
    }
}
