<?php

// One service provider per form of signature. SimpleSAMLphp takes a service provider's entity ID for its audience, so
// each also has the test's audience as its own.
$settings = require __DIR__ . '/../settings.php';

$forms = [
    'assertion' => [true, false, false],
    'response' => [false, true, false],
    'both' => [true, true, false],
    'none' => [false, false, false],
    'encrypted' => [false, true, true],
];
foreach ($forms as $form => [$assertion, $response, $encrypted]) {
    $metadata['https://sp.example/' . $form] = [
        'AssertionConsumerService' => $settings['acs'],
        'NameIDFormat' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
        'simplesaml.nameidattribute' => 'mail',
        'audience' => [$settings['audience']],
        'saml20.sign.assertion' => $assertion,
        'saml20.sign.response' => $response,
        'assertion.encryption' => $encrypted,
        'certificate' => basename($settings['reader']),
    ];
}
