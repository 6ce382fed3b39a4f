INSERT INTO settings VALUES ('base_domain', 'sip.localhost');
INSERT INTO counter VALUES (1, 4);
INSERT INTO realms VALUES (1, 'MA_AAAAAAAA.sip.localhost', 'compatible');
INSERT INTO accounts VALUES (1, 'MA_AAAAAAAA', NULL, 'Example', 1, 'ma-aaaaaaaa.sip.localhost', 1, 2, 1700000000123456);
INSERT INTO hosts VALUES ('ma-aaaaaaaa.sip.localhost', 1, 1);
INSERT INTO api_tokens VALUES (1, 1, zeroblob(32), 'first token', 1700000000123456);
INSERT INTO credentials VALUES (1, x'018BCFE5687B70008000000000000001', 1, 1, 'office_phone_01', 1, 'desk', 1,
    zeroblob(49), zeroblob(65), zeroblob(65), 1700000000123456, 1700000000123456, 1700000000123456, 2);
INSERT INTO credentials VALUES (3, x'018BCFE5687B70008000000000000002', 1, 1, 'lobby', 0, '', 2,
    NULL, zeroblob(65), NULL, 1700000000123456, 1700000009000000, 1700000009000000, 4);
INSERT INTO audit_log VALUES (1, 1, 1700000000123456, 1, 'operator', '', 'request-1', 'account.created', 'MA_AAAAAAAA', '{}');
INSERT INTO registrations VALUES (x'018BCFE5687B70008000000000000001', 1, 1, CAST('sip:phone@192.0.2.1:5062' AS BLOB), x'', 0, x'',
    1000, CAST('call-1' AS BLOB), 1, CAST('Phone/1.0' AS BLOB), 'udp', '192.0.2.1:5062', '[2001:db8::1]:5060',
    1700000000123456, 1700003600123456);
INSERT INTO boots VALUES (1, 'node', 1700000000123456);
