INSERT INTO settings VALUES ('base_domain', 'sip.localhost');
INSERT INTO counter VALUES (1, 9);
INSERT INTO realms VALUES (1, 'MA_AAAAAAAA.sip.localhost', 'compatible', 0, 1, 0);
INSERT INTO realms VALUES (2, 'SA_BBBBBBBB.sip.localhost', 'sha256', 1, 0, 1);
INSERT INTO accounts VALUES (1, 'MA_AAAAAAAA', NULL, 'Example', 1, 'ma-aaaaaaaa.sip.localhost', 1, 2, 1700000000123456,
    x'0123456789AB4DEF8123456789ABCDEF', NULL, NULL, NULL, NULL, 0, 1700000000123456);
INSERT INTO accounts VALUES (2, 'SA_BBBBBBBB', 1, 'Below', 2, 'sa-bbbbbbbb.sip.localhost', 0, 0, 1700000000123456,
    x'1123456789AB4DEF8123456789ABCDEF', 'someone@example.com', '+49 30 1234', 'a note', '{"calls":true}', 77,
    1700000009000000);
INSERT INTO hosts VALUES ('ma-aaaaaaaa.sip.localhost', 1, 1);
INSERT INTO api_tokens VALUES (1, x'2123456789AB4DEF8123456789ABCDEF', 1, zeroblob(32), 'first token', 'all',
    1700000000123456, NULL, NULL);
INSERT INTO api_tokens VALUES (2, x'018BCFE5687B70008000000000000009', 2, zeroblob(32), 'phones', 'credentials_only',
    1700000000123456, 1800000000000000, 1700000100000000);
INSERT INTO operator_tokens VALUES (1, x'018BCFE5687B7000800000000000000A', zeroblob(32), 'monitoring', 1700000000123456,
    NULL, 1700000100000000);
INSERT INTO remembered_answers VALUES (0, zeroblob(32), zeroblob(60), 1700000000123456);
INSERT INTO remembered_answers VALUES (1, zeroblob(32), zeroblob(60), 1700000000123456);
INSERT INTO credentials VALUES (1, x'018BCFE5687B70008000000000000001', 1, 1, 'office_phone_01', 1, 'desk', 1,
    zeroblob(49), zeroblob(65), zeroblob(65), 1700000000123456, 1700000000123456, 1700000000123456, 2, 1, 1, '192.0.2.0/24 2001:db8::/32');
INSERT INTO credentials VALUES (3, x'018BCFE5687B70008000000000000002', 1, 1, 'lobby', 0, '', 2,
    NULL, zeroblob(65), NULL, 1700000000123456, 1700000009000000, 1700000009000000, 4, 0, 0, '');
INSERT INTO audit_log VALUES (1, 1, 1700000000123456, 1, 'operator', '', 'request-1', 'account.created', 'MA_AAAAAAAA', '{}');
INSERT INTO registrations VALUES (x'018BCFE5687B70008000000000000001', 1, 1, CAST('sip:phone@192.0.2.1:5062' AS BLOB), x'', 0, x'',
    1000, CAST('call-1' AS BLOB), 1, CAST('Phone/1.0' AS BLOB), 'udp', '192.0.2.1:5062', '[2001:db8::1]:5060',
    1700000000123456, 1700003600123456);
INSERT INTO algorithm_uses VALUES (x'018BCFE5687B70008000000000000001', 'MD5', 20000, 20400, 'Phone/1.0');
INSERT INTO boots VALUES (1, 'node', 1700000000123456);
