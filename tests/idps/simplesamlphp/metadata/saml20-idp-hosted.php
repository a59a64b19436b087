<?php

$settings = require __DIR__ . '/../settings.php';

$metadata['https://idp.example/simplesamlphp'] = [
    'host' => '__DEFAULT__',
    'auth' => 'people',
    'privatekey' => basename($settings['key']),
    'certificate' => basename($settings['certificate']),
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    'simplesaml.nameidattribute' => 'mail',
];
