<?php

// SimpleSAMLphp 1.19 as an identity provider with a sign-in form, for the tests. Only what differs from its defaults.
$settings = require __DIR__ . '/settings.php';

$config = [
    // The address as the browser sees it: for https, ../tls.cjs stands before this server.
    'baseurlpath' => $settings['base'] . '/',
    'secretsalt' => bin2hex(random_bytes(16)),
    'auth.adminpassword' => bin2hex(random_bytes(16)),
    'technicalcontact_email' => 'nobody@idp.example',
    'timezone' => 'UTC',

    'certdir' => $settings['work'] . '/',
    'loggingdir' => $settings['work'] . '/',
    'datadir' => $settings['work'] . '/',
    'tempdir' => $settings['work'] . '/',
    'metadatadir' => __DIR__ . '/metadata/',
    'logging.handler' => 'file',
    'logging.level' => 5,
    'showerrors' => true,
    'admin.checkforupdates' => false,

    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'metadata.sources' => [['type' => 'flatfile']],

    'store.type' => 'phpsession',
    'session.phpsession.savepath' => $settings['work'],
    'session.cookie.secure' => str_starts_with($settings['base'], 'https:'),
    'session.cookie.samesite' => 'Lax',
    'language.cookie.secure' => false,
    'language.cookie.samesite' => 'Lax',
];
