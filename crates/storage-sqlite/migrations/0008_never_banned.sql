-- Networks, separated by spaces, whose wrong answers for the account's credentials count towards no ban.
ALTER TABLE accounts ADD COLUMN never_banned TEXT NOT NULL DEFAULT '';
