//! The command line of trunks and what belongs to them, over HTTP.

use crate::cli::ServerAccess;
use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum TrunkCommand {
    /// Create a trunk
    Create {
        /// What people call it
        name: String,
        /// What differs from the defaults, as FIELD=VALUE with the fields of the HTTP API, such as
        /// trunk_direction=outbound
        fields: Vec<String>,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// List the account's trunks
    List {
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Show a trunk with its attachments and how its registrations with carriers stand, or the configuration of what is to
    /// use it
    Show {
        /// Its id
        trunk_id: String,
        /// Print the configuration of that product instead, filled in but for passwords
        #[arg(long = "for", value_name = "PRODUCT")]
        product: Option<Product>,
        /// The id or username of the credential that the product is to use [default: the first that is attached]
        #[arg(long, value_name = "CREDENTIAL", requires = "product")]
        credential: Option<String>,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Change a trunk
    Update {
        /// Its id
        trunk_id: String,
        /// What to change, as FIELD=VALUE; an empty value takes away
        #[arg(required = true)]
        fields: Vec<String>,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Delete a trunk; what it was attached to stays
    Delete {
        /// Its id
        trunk_id: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Attach a trunk to credentials, entries of the access list, or next hops
    Attach {
        /// Its id
        trunk_id: String,
        #[command(flatten)]
        attachments: Attachments,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Detach a trunk from credentials, entries of the access list, or next hops
    Detach {
        /// Its id
        trunk_id: String,
        #[command(flatten)]
        attachments: Attachments,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Show what a trunk's calls may do, or change it
    Rules {
        /// Its id
        trunk_id: String,
        /// What to change, as FIELD=VALUE, lists separated by commas, such as allowed_prefixes=4420,1212
        fields: Vec<String>,
        #[command(flatten)]
        access: ServerAccess,
    },
}

/// What may be at the other side of a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Product {
    /// LiveKit SIP: an outbound and an inbound trunk
    Livekit,
    /// Vapi: a SIP trunk of one's own and its numbers
    Vapi,
    /// ElevenLabs: numbers of a SIP trunk
    Elevenlabs,
    /// Pipecat on Daily: a SIP trunk and how to call out
    Pipecat,
    /// Asterisk: pjsip.conf
    Asterisk,
    /// FreeSWITCH: a gateway
    Freeswitch,
}

/// What a trunk is attached to or detached from.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Attachments {
    /// The id of a credential
    #[arg(long, value_name = "ID")]
    pub(crate) credential: Vec<String>,
    /// The id of an entry of the access list
    #[arg(long, value_name = "ID")]
    pub(crate) ip_acl: Vec<String>,
    /// The id of the origination URI that is tried first
    #[arg(long, value_name = "ID")]
    pub(crate) primary_uri: Option<String>,
    /// The id of the origination URI that is tried after it
    #[arg(long, value_name = "ID")]
    pub(crate) fallback_uri: Option<String>,
    /// The id of an origination URI that is tried after these
    #[arg(long, value_name = "ID")]
    pub(crate) origination_uri: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AclCommand {
    /// Add an address or a network to the IP access list
    Create {
        /// An address, or a network in CIDR notation
        ip_address: String,
        /// What differs from the defaults, as FIELD=VALUE: description, enabled
        fields: Vec<String>,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// List the IP access list
    List {
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Change an entry
    Update {
        /// Its id
        id: String,
        /// What to change, as FIELD=VALUE
        #[arg(required = true)]
        fields: Vec<String>,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Delete an entry
    Delete {
        /// Its id
        id: String,
        #[command(flatten)]
        access: ServerAccess,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum OriginationUriCommand {
    /// Create an origination URI: a next hop that trunks can be attached to
    Create {
        /// Where requests go, as in sip:gateway.example.com:5060
        uri: String,
        /// What differs from the defaults, as FIELD=VALUE: priority, weight, transport, description, enabled
        fields: Vec<String>,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Show an origination URI, how the next hop's challenge is answered, and how our registration there stands
    Show {
        /// Its id
        id: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// List the account's origination URIs
    List {
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Change an origination URI
    Update {
        /// Its id
        id: String,
        /// What to change, as FIELD=VALUE
        #[arg(required = true)]
        fields: Vec<String>,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Delete an origination URI with its secret
    Delete {
        /// Its id
        id: String,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Set how the next hop's challenge is answered; reads the password from standard input, its first line
    Secret {
        /// The origination URI's id
        id: String,
        /// Our username at the next hop
        #[arg(long)]
        username: String,
        /// Register there too
        #[arg(long)]
        register: bool,
        /// The expiry to ask for, in seconds
        #[arg(long, value_name = "SECONDS", requires = "register")]
        expires: Option<u32>,
        #[command(flatten)]
        access: ServerAccess,
    },
    /// Forget how the next hop's challenge is answered
    ForgetSecret {
        /// The origination URI's id
        id: String,
        #[command(flatten)]
        access: ServerAccess,
    },
}
