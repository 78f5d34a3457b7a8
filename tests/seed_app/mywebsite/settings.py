SECRET_KEY = 'only-for-tests'
ROOT_URLCONF = 'mywebsite.urls'
DEBUG = True

INSTALLED_APPS = [
    'channels',
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'chat',
]

ASGI_APPLICATION = 'mywebsite.asgi.application'

CHANNEL_LAYERS = {
    'default':{
        'BACKEND':'channels.layers.InMemoryChannelLayer'
    }
}
