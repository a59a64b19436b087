<?php

// What the test that starts this identity provider says about it: base, acs, audience, user, fullName, password, key,
// certificate, reader (the certificate of who may read what is encrypted) and work (a directory of its own), as JSON in one variable.
return json_decode(getenv('IDP_SETTINGS'), true, 2, JSON_THROW_ON_ERROR);
