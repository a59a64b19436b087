<?php

$settings = require __DIR__ . '/settings.php';

$config = [
    'people' => [
        'exampleauth:UserPass',
        $settings['user'] . ':' . $settings['password'] => [
            'uid' => [$settings['user']],
            'mail' => [$settings['user']],
            'displayName' => [$settings['fullName']],
        ],
    ],
];
